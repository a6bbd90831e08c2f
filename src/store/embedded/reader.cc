#include "store/embedded/reader.h"

#include "store/contract/errors.h"
#include "store/embedded/layout.h"

namespace mizzen::store {
namespace {

/// Events and value bytes of one History chunk.
constexpr size_t kChunkEventsMax = 1000;
constexpr size_t kChunkBytesMax = 4u << 20;
/// What a long scan asks of the disk at a time.
constexpr size_t kReadAheadBytes = 2u << 20;
/// Older versions of a key stepped over before a seek is cheaper.
constexpr int kStepsMax = 4;

Error damaged(std::string_view what) {
  return {Code::InternalError, "store: damaged data: malformed " + std::string(what)};
}

KeyValue to_key_value(std::string key, Revision revision, const layout::Record& record, bool with_value) {
  KeyValue kv;
  kv.key = std::move(key);
  if (with_value) kv.value = std::make_shared<const std::string>(record.value);
  kv.create_revision = Revision(record.create_revision);
  kv.mod_revision = revision;
  kv.version = record.version;
  kv.lease = LeaseId(record.lease);
  return kv;
}

rocksdb::ReadOptions lookup_options() {
  rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;
  return options;
}

rocksdb::ReadOptions scan_options(const rocksdb::Slice* upper, bool whole) {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  options.iterate_upper_bound = upper;
  options.fill_cache = !whole;  // a long scan would only push out what lookups need
  if (whole) options.readahead_size = kReadAheadBytes;
  return options;
}

}  // namespace

Reader::Lookup::Lookup(Engine& engine) : it_(engine.db().NewIterator(lookup_options())) {}

Result<std::optional<Reader::Lookup::Found>> Reader::Lookup::newest(const std::string& key, Revision at,
                                                                    bool with_value) {
  const std::string target = layout::record_key(key, at);
  it_->Seek(slice(target));
  if (!it_->Valid()) {
    if (!it_->status().ok()) return error_of(it_->status());
    return std::optional<Found>();
  }
  const auto place = layout::parse_place(view(it_->key()));
  if (!place || place->prefix != std::string_view(target).substr(0, target.size() - layout::kRevisionBytes)) {
    return std::optional<Found>();
  }
  const auto record = layout::parse_record(view(it_->value()));
  if (!record) return damaged("record");
  if (record->deleted) return std::optional<Found>();
  return std::optional<Found>(
      {to_key_value(key, place->revision, *record, with_value), record->value.size()});
}

Reader::Scan::Scan(Engine& engine, const RangeRequest& request, Revision at)
    : request_(request),
      at_(at),
      lower_(layout::record_bound(request.range.from)),
      upper_(request.range.to.empty() ? std::string(1, layout::kRecord + 1)
                                      : layout::record_bound(request.range.to)),
      upper_slice_(upper_),
      it_(engine.db().NewIterator(scan_options(&upper_slice_, request.limit == 0))) {}

Result<void> Reader::Scan::run(RangeResult& out) {
  for (it_->Seek(slice(lower_)); it_->Valid();) {
    MZ_TRY(step(out));
    if (full_) return {};
  }
  if (!it_->status().ok()) return error_of(it_->status());
  return {};
}

Result<void> Reader::Scan::step(RangeResult& out) {
  const auto place = layout::parse_place(view(it_->key()));
  if (!place) return damaged("record place");
  prefix_.assign(place->prefix);
  if (place->revision > at_) {  // too new: on to the version that was current then, or the next key
    std::string target = prefix_;
    layout::append_revision(target, at_);
    it_->Seek(slice(target));
    return {};
  }
  const auto record = layout::parse_record(view(it_->value()));
  if (!record) return damaged("record");
  if (!record->deleted) {
    ++out.count;
    if (request_.limit > 0 && out.count > request_.limit && !request_.count_only) {
      out.more = true;
      full_ = !request_.count_rest;
    } else if (!request_.count_only) {
      out.kvs.push_back(
          to_key_value(layout::unescape(prefix_), place->revision, *record, !request_.keys_only));
    }
  }
  skip_rest_of_key();
  return {};
}

void Reader::Scan::skip_rest_of_key() {
  for (int i = 0; i < kStepsMax; ++i) {
    it_->Next();
    if (!it_->Valid() || !view(it_->key()).starts_with(prefix_)) return;
  }
  prefix_.back() = static_cast<char>(prefix_.back() + 1);  // past the terminator: no key has this
  it_->Seek(slice(prefix_));
}

std::optional<KeyValue> Reader::at_revision(std::string_view key, Revision revision) {
  const auto bytes = engine_.read(layout::record_key(key, revision));
  if (!bytes) return std::nullopt;
  const auto record = layout::parse_record(*bytes);
  if (!record || record->deleted) return std::nullopt;
  return to_key_value(std::string(key), revision, *record, true);
}

Result<History::Chunk> Reader::history(Revision from, Revision newest, const KeyRange& range, bool prev_kv) {
  History::Chunk chunk;
  const std::string upper = layout::revision_key(Revision(newest.get() + 1));
  const rocksdb::Slice upper_slice(upper);
  std::unique_ptr<rocksdb::Iterator> it(engine_.db().NewIterator(scan_options(&upper_slice, false)));
  size_t bytes_taken = 0;
  for (it->Seek(slice(layout::revision_key(from))); it->Valid(); it->Next()) {
    if (chunk.events.size() >= kChunkEventsMax || bytes_taken >= kChunkBytesMax) return chunk;
    const auto revision = layout::parse_revision_key(view(it->key()));
    if (!revision) return damaged("revision place");
    MZ_TRY(add_changes(view(it->value()), *revision, range, prev_kv, chunk, bytes_taken));
    chunk.through = *revision;
  }
  if (!it->status().ok()) return error_of(it->status());
  chunk.through = newest;
  return chunk;
}

Result<void> Reader::add_changes(std::string_view bytes, Revision revision, const KeyRange& range,
                                 bool prev_kv, History::Chunk& chunk, size_t& bytes_taken) {
  const auto changes = layout::parse_changes(bytes);
  if (!changes) return damaged("revision");
  for (const layout::Change& change : *changes) {
    if (!range.contains(change.key)) continue;
    Committed committed;
    committed.prev_revision = Revision(change.prev_revision);
    Event& event = committed.event;
    if (change.deleted) {
      event.type = Event::Type::Delete;
      event.kv.key = change.key;
      event.kv.mod_revision = revision;
    } else {
      auto kv = at_revision(change.key, revision);
      if (!kv) return compacted();
      event.kv = std::move(*kv);
    }
    if (prev_kv && change.prev_revision > 0) event.prev = at_revision(change.key, committed.prev_revision);
    bytes_taken += change.key.size() + view(event.kv.value).size();
    if (event.prev) bytes_taken += view(event.prev->value).size();
    chunk.events.push_back(std::move(committed));
  }
  return {};
}

}  // namespace mizzen::store
