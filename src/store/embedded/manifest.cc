#include "store/embedded/manifest.h"

#include <rocksdb/env.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/strings.h"
#include "telemetry/log.h"

namespace mizzen::store {
namespace {

/// The engine's log format: records stand in blocks, after a checksum, a length and a type; none crosses the
/// end of a block but in parts.
constexpr size_t kBlockBytes = 32 << 10;
constexpr size_t kHeaderBytes = 7;
enum class Part : uint8_t { None, Whole, First, Middle, Last };

uint32_t crc32c(std::string_view bytes) {
  static const std::array<uint32_t, 256> kTable = [] {
    std::array<uint32_t, 256> out{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int bit = 0; bit < 8; ++bit) c = (c >> 1) ^ ((c & 1) != 0 ? 0x82f63b78 : 0);
      out[i] = c;
    }
    return out;
  }();
  uint32_t c = ~0u;
  for (const char b : bytes) c = (c >> 8) ^ kTable[(c ^ static_cast<uint8_t>(b)) & 0xff];
  return ~c;
}

uint32_t number(std::string_view bytes) {
  uint32_t out = 0;
  for (size_t i = bytes.size(); i > 0; --i) out = out << 8 | static_cast<uint8_t>(bytes[i - 1]);
  return out;
}

struct Piece {
  Part part;
  size_t end;
};

/// What stands at `at`; nothing where that is no whole piece.
std::optional<Piece> piece_at(std::string_view log, size_t at) {
  const size_t block_end = std::min(log.size(), at / kBlockBytes * kBlockBytes + kBlockBytes);
  if (at + kHeaderBytes > block_end) return std::nullopt;
  const size_t end = at + kHeaderBytes + number(log.substr(at + 4, 2));
  const auto type = static_cast<uint8_t>(log[at + 6]);
  if (end > block_end || type < 1 || type > 4) return std::nullopt;
  const uint32_t sum = crc32c(log.substr(at + 6, end - at - 6));
  if (((sum >> 15) | (sum << 17)) + 0xa282ead8 != number(log.substr(at, 4))) return std::nullopt;
  return Piece{static_cast<Part>(type), end};
}

/// Where the next piece may stand: what is left of a block and has no room for a header is not used.
size_t next_place(size_t at) {
  const size_t left = kBlockBytes - at % kBlockBytes;
  return left < kHeaderBytes ? at + left : at;
}

/// True where a record begins whole at `from` or behind it.
bool goes_on(std::string_view log, size_t from) {
  for (size_t at = from; at + kHeaderBytes <= log.size(); ++at) {
    const auto piece = piece_at(log, at);
    if (piece && (piece->part == Part::Whole || piece->part == Part::First)) return true;
  }
  return false;
}

}  // namespace

size_t untorn_bytes(std::string_view manifest) {
  size_t whole = 0;
  for (size_t at = 0; at + kHeaderBytes <= manifest.size();) {
    const auto piece = piece_at(manifest, at);
    if (!piece) return goes_on(manifest, at + 1) ? manifest.size() : whole;
    at = next_place(piece->end);
    if (piece->part == Part::Whole || piece->part == Part::Last) whole = piece->end;
  }
  return manifest.size();
}

bool cut_torn_manifest(rocksdb::Env& env, const std::string& folder) {
  std::string current, bytes;
  if (!rocksdb::ReadFileToString(&env, folder + "/CURRENT", &current).ok()) return false;
  const std::string path = folder + "/" + std::string(trim(current));
  if (!rocksdb::ReadFileToString(&env, path, &bytes).ok()) return false;
  const size_t kept = untorn_bytes(bytes);
  // Without a single record it is not torn but ruined.
  if (kept == 0 || kept == bytes.size()) return false;
  // A whole new file in its place, under a name that the engine clears away where this goes wrong halfway.
  const std::string temporary = folder + "/000000.dbtmp";
  std::unique_ptr<rocksdb::Directory> names;
  rocksdb::Status done = rocksdb::WriteStringToFile(&env, bytes.substr(0, kept), temporary, true);
  if (done.ok()) done = env.RenameFile(temporary, path);
  if (done.ok()) done = env.NewDirectory(folder, &names);
  if (done.ok()) done = names->Fsync();
  if (!done.ok()) {
    log::error("store", "a torn file cannot be cut",
               {log::kv("file", path), log::kv("reason", done.ToString())});
    return false;
  }
  log::warn("store", "cut off what a loss of power left in part",
            {log::kv("file", path), log::kv("bytes", bytes.size() - kept)});
  return true;
}

}  // namespace mizzen::store
