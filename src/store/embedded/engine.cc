#include "store/embedded/engine.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <cstdarg>
#include <cstdio>

#include "store/contract/errors.h"
#include "store/embedded/layout.h"
#include "store/embedded/manifest.h"
#include "telemetry/log.h"

namespace mizzen::store {
namespace {

/// All records of a key share a prefix; filters on it answer "no such key" without touching the files.
class KeyPrefix final : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "mizzen.key-prefix"; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), key.size() - layout::kRevisionBytes};
  }
  bool InDomain(const rocksdb::Slice& key) const override {
    return layout::parse_place(view(key)).has_value();
  }
};

/// Lets the engine's errors through to our log and drops the rest; no LOG files in the data folder.
class ErrorLog final : public rocksdb::Logger {
 public:
  ErrorLog() : Logger(rocksdb::InfoLogLevel::ERROR_LEVEL) {}
  void Logv(const char*, va_list) override {}
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level != rocksdb::InfoLogLevel::ERROR_LEVEL && level != rocksdb::InfoLogLevel::FATAL_LEVEL) return;
    char line[1024];
    std::vsnprintf(line, sizeof line, format, arguments);
    log::error("store", "storage engine", {log::kv("text", line)});
  }
};

/// Keeps the engine from recovering on a schedule of its own: the store calls resume(), after it made room.
class NoSelfRecovery final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery) override {
    *auto_recovery = false;
  }
};

rocksdb::BlockBasedTableOptions table_options(const Engine::Options& options) {
  rocksdb::BlockBasedTableOptions table;
  // Few shards: a block must stay small beside one, or lookups read it again and again.
  table.block_cache = rocksdb::NewLRUCache(options.cache_bytes, 2);
  table.block_size = 16 << 10;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.whole_key_filtering = false;
  // Indexes and filters in small pieces that are cached alone: whole ones of a big file would push each other
  // out.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.metadata_block_size = 8 << 10;
  table.enable_index_compression = false;
  table.metadata_cache_options.top_level_index_pinning = rocksdb::PinningTier::kAll;
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  return table;
}

rocksdb::Options engine_options(const Engine::Options& options, Disk& disk) {
  rocksdb::Options o;
  o.create_if_missing = true;
  o.env = &disk.env();
  if (disk.takes_turns()) o.max_file_opening_threads = 1;
  o.info_log = std::make_shared<ErrorLog>();
  o.listeners.push_back(std::make_shared<NoSelfRecovery>());
  o.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  o.write_buffer_size = options.memtable_bytes;
  o.max_write_buffer_number = 2;
  o.max_total_wal_size = 4 * options.memtable_bytes;
  o.max_open_files = options.files_max;
  o.max_background_jobs = 2;
  o.max_bgerror_resume_count = 0;  // the store decides when to go on
  o.stats_dump_period_sec = 0;
  o.stats_persist_period_sec = 0;
  o.skip_stats_update_on_db_open = true;
  o.level_compaction_dynamic_level_bytes = true;
  o.target_file_size_base = options.memtable_bytes;
  o.max_bytes_for_level_base = 4 * options.memtable_bytes;
  o.compression = rocksdb::kLZ4Compression;
  o.bottommost_compression = rocksdb::kZSTD;
  o.bytes_per_sync = 1 << 20;
  o.manifest_preallocation_size = 64 << 10;
  o.prefix_extractor = std::make_shared<KeyPrefix>();
  o.memtable_prefix_bloom_size_ratio = 0.02;
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(options)));
  return o;
}

}  // namespace

Error error_of(const rocksdb::Status& status) {
  if (status.IsNoSpace()) return space_exceeded();
  if (status.IsCorruption()) return {Code::InternalError, "store: damaged data: " + status.ToString()};
  return unavailable("store: " + status.ToString());
}

Result<std::unique_ptr<Engine>> Engine::open(const std::string& path, Disk& disk, const Options& options) {
  std::unique_ptr<Engine> engine(new Engine(disk));
  rocksdb::DB* db = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(engine_options(options, disk), path, &db);
  if (status.IsCorruption() && cut_torn_manifest(disk.env(), path))
    status = rocksdb::DB::Open(engine_options(options, disk), path, &db);
  if (!status.ok()) return error_of(status).with_context("open " + path);
  engine->db_.reset(db);
  return engine;
}

Engine::~Engine() {
  if (db_) disk_.wait_for_background([&] { (void)db_->Close(); });
}

Result<void> Engine::write(rocksdb::WriteBatch& batch, bool sync) {
  disk_.before_write(*db_);
  rocksdb::WriteOptions options;
  options.sync = sync;
  const rocksdb::Status status = db_->Write(options, &batch);
  if (!status.ok()) return error_of(status);
  return {};
}

Result<void> Engine::resume() {
  rocksdb::Status status;
  disk_.wait_for_background([&] { status = db_->Resume(); });
  if (!status.ok()) return error_of(status);
  return {};
}

uint64_t Engine::flush_bytes() {
  constexpr uint64_t kLogsAndManifest = 1 << 20;
  const uint64_t in_memory = number("rocksdb.size-all-mem-tables");
  return in_memory + in_memory / 4 + kLogsAndManifest;
}

void Engine::cancel_background_work() { rocksdb::CancelAllBackgroundWork(db_.get(), false); }

void Engine::compact_all() {
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  rocksdb::Status status;
  disk_.wait_for_background([&] { status = db_->CompactRange(options, nullptr, nullptr); });
  if (!status.ok()) log::warn("store", "compaction gave up", {log::kv("reason", status.ToString())});
}

uint64_t Engine::number(const char* property) {
  uint64_t value = 0;
  db_->GetIntProperty(property, &value);
  return value;
}

uint64_t Engine::size_bytes() {
  uint64_t sum = number("rocksdb.total-sst-files-size");
  rocksdb::VectorLogPtr logs;
  if (db_->GetSortedWalFiles(logs).ok()) {
    for (const auto& log : logs) sum += log->SizeFileBytes();
  }
  return sum;
}

std::optional<std::string> Engine::read(std::string_view key) {
  std::string value;
  if (!db_->Get(rocksdb::ReadOptions(), slice(key), &value).ok()) return std::nullopt;
  return value;
}

}  // namespace mizzen::store
