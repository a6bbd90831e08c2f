#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/contract/types.h"

/// How the embedded store lays its data out in one ordered key space. Format 1:
///
///   k <key, escaped> 00 01 <~revision>  -> flags, create revision, version, lease, value   one per change of
///   a key r <revision>                        -> the keys changed there, each with what it replaced l
///   <lease>                           -> ttl and end (wall seconds) a <lease> <key>                     ->
///   nothing: the key is on the lease m <name>                            -> markers
///
/// Within a key the newest record comes first, so the current state is one seek away and a range is one scan.
/// A zero byte in a key is written 00 ff, which keeps the order of keys. Numbers are big-endian.
namespace mizzen::store::layout {

inline constexpr char kRecord = 'k';
inline constexpr char kRevision = 'r';
inline constexpr char kLease = 'l';
inline constexpr char kAttached = 'a';
inline constexpr std::string_view kCompacted = "mcompacted";  ///< history up to here is forgotten
inline constexpr std::string_view kCollected = "mcollected";  ///< ... and erased
inline constexpr size_t kRevisionBytes = 8;

/// A record, except for its key and revision, which are in its place.
struct Record {
  bool deleted = false;
  int64_t create_revision = 0;
  int64_t version = 0;
  int64_t lease = 0;
  std::string_view value;
};

/// One changed key of a revision.
struct Change {
  bool deleted = false;
  int64_t prev_revision = 0;  ///< of the put it replaced; 0: none
  std::string_view key;
};

/// The start of all records of keys that are `key` or greater: a bound for scans.
std::string record_bound(std::string_view key);
/// What all records of exactly this key begin with.
std::string record_prefix(std::string_view key);
std::string record_key(std::string_view key, Revision revision);
void append_revision(std::string& prefix, Revision revision);
/// The part of a record's place before the revision, and the revision. Nothing where malformed.
struct Place {
  std::string_view prefix;
  Revision revision;
};
std::optional<Place> parse_place(std::string_view place);
/// The key that a record prefix stands for.
std::string unescape(std::string_view prefix);

/// Everything of a record before its value.
std::string record_head(const Record& record);
std::optional<Record> parse_record(std::string_view bytes);

std::string revision_key(Revision revision);
std::optional<Revision> parse_revision_key(std::string_view place);
void append_change(std::string& out, const Change& change);
std::optional<std::vector<Change>> parse_changes(std::string_view bytes);

std::string lease_key(LeaseId lease);
std::optional<LeaseId> parse_lease_key(std::string_view place);
std::string attached_prefix(LeaseId lease);
std::string attached_key(LeaseId lease, std::string_view key);

std::string number(int64_t value);
std::optional<int64_t> parse_number(std::string_view bytes);
void append_varint(std::string& out, uint64_t value);
std::optional<uint64_t> take_varint(std::string_view& in);

}  // namespace mizzen::store::layout
