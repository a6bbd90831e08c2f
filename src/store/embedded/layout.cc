#include "store/embedded/layout.h"

#include <algorithm>

namespace mizzen::store::layout {
namespace {

constexpr uint8_t kDeletedFlag = 1;
constexpr uint8_t kLeaseFlag = 2;
constexpr std::string_view kTerminator("\x00\x01", 2);

void append_big_endian(std::string& out, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

uint64_t big_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

void append_escaped(std::string& out, std::string_view key) {
  for (;;) {
    const size_t zero = key.find('\0');
    out.append(key.substr(0, zero));
    if (zero == std::string_view::npos) return;
    out.append("\x00\xff", 2);
    key.remove_prefix(zero + 1);
  }
}

std::string tagged(char tag, uint64_t value) {
  std::string out(1, tag);
  append_big_endian(out, value);
  return out;
}

std::optional<uint64_t> parse_tagged(char tag, std::string_view place) {
  if (place.size() != 1 + kRevisionBytes || place[0] != tag) return std::nullopt;
  return big_endian(place.substr(1));
}

}  // namespace

std::string record_bound(std::string_view key) {
  std::string out;
  out.reserve(key.size() + 3 + kRevisionBytes);
  out.push_back(kRecord);
  append_escaped(out, key);
  return out;
}

std::string record_prefix(std::string_view key) {
  std::string out = record_bound(key);
  out.append(kTerminator);
  return out;
}

void append_revision(std::string& prefix, Revision revision) {
  append_big_endian(prefix, ~static_cast<uint64_t>(revision.get()));
}

std::string record_key(std::string_view key, Revision revision) {
  std::string out = record_prefix(key);
  append_revision(out, revision);
  return out;
}

std::optional<Place> parse_place(std::string_view place) {
  if (place.size() < 1 + kTerminator.size() + kRevisionBytes || place[0] != kRecord) return std::nullopt;
  const std::string_view prefix = place.substr(0, place.size() - kRevisionBytes);
  if (!prefix.ends_with(kTerminator)) return std::nullopt;
  return Place{prefix, Revision(static_cast<int64_t>(~big_endian(place.substr(prefix.size()))))};
}

std::string unescape(std::string_view prefix) {
  prefix.remove_prefix(1);
  prefix.remove_suffix(kTerminator.size());
  std::string out;
  out.reserve(prefix.size());
  for (;;) {
    const size_t zero = prefix.find('\0');
    if (zero == std::string_view::npos) return out.append(prefix);
    out.append(prefix.substr(0, zero + 1));
    prefix.remove_prefix(std::min(prefix.size(), zero + 2));
  }
}

std::string record_head(const Record& record) {
  std::string out;
  const bool leased = record.lease != 0;
  out.push_back(static_cast<char>((record.deleted ? kDeletedFlag : 0) | (leased ? kLeaseFlag : 0)));
  if (record.deleted) return out;
  append_varint(out, static_cast<uint64_t>(record.create_revision));
  append_varint(out, static_cast<uint64_t>(record.version));
  if (leased) append_varint(out, static_cast<uint64_t>(record.lease));
  return out;
}

std::optional<Record> parse_record(std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  const uint8_t flags = static_cast<uint8_t>(bytes[0]);
  bytes.remove_prefix(1);
  Record record;
  record.deleted = (flags & kDeletedFlag) != 0;
  if (record.deleted) return record;
  const auto create = take_varint(bytes);
  const auto version = take_varint(bytes);
  if (!create || !version) return std::nullopt;
  record.create_revision = static_cast<int64_t>(*create);
  record.version = static_cast<int64_t>(*version);
  if ((flags & kLeaseFlag) != 0) {
    const auto lease = take_varint(bytes);
    if (!lease) return std::nullopt;
    record.lease = static_cast<int64_t>(*lease);
  }
  record.value = bytes;
  return record;
}

std::string revision_key(Revision revision) {
  return tagged(kRevision, static_cast<uint64_t>(revision.get()));
}

std::optional<Revision> parse_revision_key(std::string_view place) {
  const auto value = parse_tagged(kRevision, place);
  if (!value) return std::nullopt;
  return Revision(static_cast<int64_t>(*value));
}

void append_change(std::string& out, const Change& change) {
  out.push_back(static_cast<char>(change.deleted ? kDeletedFlag : 0));
  append_varint(out, static_cast<uint64_t>(change.prev_revision));
  append_varint(out, change.key.size());
  out.append(change.key);
}

std::optional<std::vector<Change>> parse_changes(std::string_view bytes) {
  std::vector<Change> out;
  while (!bytes.empty()) {
    Change change;
    change.deleted = (static_cast<uint8_t>(bytes[0]) & kDeletedFlag) != 0;
    bytes.remove_prefix(1);
    const auto prev = take_varint(bytes);
    const auto size = take_varint(bytes);
    if (!prev || !size || *size > bytes.size()) return std::nullopt;
    change.prev_revision = static_cast<int64_t>(*prev);
    change.key = bytes.substr(0, *size);
    bytes.remove_prefix(*size);
    out.push_back(change);
  }
  return out;
}

std::string lease_key(LeaseId lease) { return tagged(kLease, static_cast<uint64_t>(lease.get())); }

std::optional<LeaseId> parse_lease_key(std::string_view place) {
  const auto value = parse_tagged(kLease, place);
  if (!value) return std::nullopt;
  return LeaseId(static_cast<int64_t>(*value));
}

std::string attached_prefix(LeaseId lease) { return tagged(kAttached, static_cast<uint64_t>(lease.get())); }

std::string attached_key(LeaseId lease, std::string_view key) { return attached_prefix(lease).append(key); }

std::string number(int64_t value) {
  std::string out;
  append_varint(out, static_cast<uint64_t>(value));
  return out;
}

std::optional<int64_t> parse_number(std::string_view bytes) {
  const auto value = take_varint(bytes);
  if (!value || !bytes.empty()) return std::nullopt;
  return static_cast<int64_t>(*value);
}

void append_varint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

std::optional<uint64_t> take_varint(std::string_view& in) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const uint8_t byte = static_cast<uint8_t>(in[0]);
    in.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

}  // namespace mizzen::store::layout
