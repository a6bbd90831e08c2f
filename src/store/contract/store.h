#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/contract/types.h"

namespace mizzen::store {

/// Keys and values of one transaction together; more is refused with "etcdserver: request is too large".
inline constexpr size_t kRequestBytesMax = 1536 * 1024;
/// Operations in either list of one transaction, and compares.
inline constexpr size_t kTxnOpsMax = 128;
/// Watches open at a time; one more ends at once with TooManyRequests.
inline constexpr size_t kWatchesMax = 10'000;

/// What to read.
struct RangeRequest {
  KeyRange range;
  int64_t limit = 0;  ///< 0: no limit
  Revision revision;  ///< 0: the newest
  bool keys_only = false;
  bool count_only = false;
  bool count_rest = true;  ///< false: with a limit, count may end one past it, which saves reading the rest
};

/// What was read, all of it as of one revision.
struct RangeResult {
  Revision revision;          ///< the store's newest revision when it answered (not the one read at)
  std::vector<KeyValue> kvs;  ///< in key order
  bool more = false;          ///< the limit cut it short
  int64_t count = 0;          ///< keys in the range, whatever the limit
};

/// One key as read.
struct GetResult {
  Revision revision;
  std::optional<KeyValue> kv;
};

/// A condition on one key.
struct Compare {
  enum class Kind : uint8_t { ModRevisionIs, Exists, LeaseIs };
  std::string key;
  Kind kind = Kind::ModRevisionIs;
  Revision revision;
  LeaseId lease;

  /// The key's newest change is this one: nobody touched it since. Revision 0: it does not exist.
  static Compare unchanged(std::string key, Revision revision) {
    return {std::move(key), Kind::ModRevisionIs, revision, {}};
  }
  static Compare absent(std::string key) { return {std::move(key), Kind::ModRevisionIs, Revision(0), {}}; }
  static Compare exists(std::string key) { return {std::move(key), Kind::Exists, {}, {}}; }
  static Compare lease_is(std::string key, LeaseId lease) {
    return {std::move(key), Kind::LeaseIs, {}, lease};
  }
};

/// One step of a transaction.
struct Op {
  enum class Kind : uint8_t { Put, Delete, Get };
  Kind kind = Kind::Get;
  std::string key;
  Bytes value;             ///< Put
  LeaseId lease;           ///< Put: the key goes when this lease ends; 0 takes the key off the lease it had
  bool want_prev = false;  ///< Put, Delete: return the key as it was before

  static Op put(std::string key, Bytes value, LeaseId lease = {}) {
    return {Kind::Put, std::move(key), std::move(value), lease};
  }
  static Op del(std::string key) { return {Kind::Delete, std::move(key), {}, {}}; }
  static Op get(std::string key) { return {Kind::Get, std::move(key), {}, {}}; }
};

/// Where all compares hold `success` is carried out, else `failure`; all of it at one revision or not at all.
/// A key may be changed once at most. A get sees what steps before it in the same list did.
struct Txn {
  std::vector<Compare> compares;
  std::vector<Op> success;
  std::vector<Op> failure;

  static Txn put(std::string key, Bytes value) {
    return {{}, {Op::put(std::move(key), std::move(value))}, {}};
  }
  static Txn del(std::string key) { return {{}, {Op::del(std::move(key))}, {}}; }
};

/// What one step gave.
struct OpResult {
  std::optional<KeyValue> kv;  ///< Get: the key where it exists. Put, Delete with want_prev: as it was before
  bool deleted = false;        ///< Delete: there was something to delete
};

/// What a transaction gave.
struct TxnResult {
  bool succeeded = false;         ///< the compares held
  Revision revision;              ///< the one it made; the newest where it changed nothing
  std::vector<OpResult> results;  ///< one for each step of the list that was carried out
};

/// What to watch.
struct WatchRequest {
  KeyRange range;
  Revision from;  ///< the first revision wanted; 0: whatever comes after the call
  bool prev_kv = false;
};

/// What a sink is told. Exactly one of: events, an end (error), or progress (neither).
/// Messages borrow: pointers are good for the call only; copy the KeyValue (the value's bytes are shared) to
/// keep it.
struct WatchMessage {
  Revision revision;  ///< every event of the range up to here has now been handed over
  std::span<const Event* const>
      events;  ///< whole revisions, in order; in one revision, in the transaction's order
  std::optional<Error>
      end;  ///< the last message. Expired: events were compacted away before they could be sent
};
using WatchSink = std::function<void(const WatchMessage&)>;

/// Role: an open watch; destroying it ends it.
/// The destructor returns when no sink call runs or will run, except when it is called from the sink itself.
/// Threading: thread-safe.
class Watch {
 public:
  virtual ~Watch() = default;
  /// Everything of the range up to this revision has been handed to the sink. Cheap (two atomics): poll it.
  virtual Revision progress() const = 0;
  /// Asks for a message whose revision is at least the store's newest at the time of the call; it comes even
  /// where nothing in the range changes.
  virtual void request_progress() = 0;
};

/// Role: the cluster's memory: keys under one global revision, with etcd v3's semantics. Knows no kinds.
/// Place: made at start by the API server's component, its only user.
/// Truth: authoritative. An acknowledged transaction is durable (except in the memory store).
/// Threading: thread-safe. Calls with a Deadline block up to it; the others do not block.
/// Invariants: I1 revisions rise by one with each transaction that changes something. I2 a watch sees each
/// change of its range once, in order, without a gap, or ends with Expired. I3 a read that starts after an
/// acknowledged write sees it. Failure: Expired (compacted), RequestEntityTooLarge, ServiceUnavailable (disk
/// full, engine or server away), Timeout (outcome unknown), TooManyRequests. Transactions with a compare on
/// the mod revision are safe to repeat. Bounds: kRequestBytesMax, kTxnOpsMax, kWatchesMax; queued
/// transactions are bounded by each implementation.
class Store {
 public:
  virtual ~Store() = default;

  virtual Result<RangeResult> range(const RangeRequest& request, Deadline deadline) = 0;
  /// The newest state of one key.
  virtual Result<GetResult> get(std::string_view key, Deadline deadline);

  /// Must not be called from a sink or a commit callback (it aborts there): use submit.
  virtual Result<TxnResult> txn(Txn txn, Deadline deadline) = 0;
  using Done = std::function<void(Result<TxnResult>)>;
  /// Queues the transaction and returns; `done` runs once, on a committing thread and after the watches have
  /// been told where the store is local, so it must be short and must not block. Transactions that wait
  /// together share one sync. Local stores carry them out in the order of submission; etcd in any.
  virtual void submit(Txn txn, Deadline deadline, Done done) = 0;

  /// Opens a watch. The sink is called by one thread at a time, with the store's locks not held; it must be
  /// short, must not block and may call get, range and submit. Problems come as a message with `end`, also
  /// right away. Local stores tell a watch that has caught up about a transaction before that transaction is
  /// acknowledged.
  virtual std::unique_ptr<Watch> watch(WatchRequest request, WatchSink sink) = 0;

  /// A new lease: keys put with it are deleted ttl after the grant. The ttl is rounded up to whole seconds.
  virtual Result<LeaseId> grant(std::chrono::seconds ttl, Deadline deadline) = 0;
  /// Ends the lease now and deletes its keys. NotFound where it has ended already.
  virtual Result<void> revoke(LeaseId lease, Deadline deadline) = 0;

  /// Forgets history before `revision`: reads before it and watches from it or before get Expired from then
  /// on. Expired where that happened already; BadRequest for a revision that does not exist yet.
  virtual Result<void> compact(Revision revision, Deadline deadline) = 0;

  /// True where current_revision() and health() answer from memory, so that event loops may ask.
  virtual bool local() const { return true; }
  /// The newest revision. Local stores answer from memory.
  virtual Result<Revision> current_revision(Deadline deadline) = 0;
  /// The same without waiting: calls `told` at once where the store is local, else on a thread of the
  /// store's. It must be short and must not block.
  using Told = std::function<void(Result<Revision>)>;
  virtual void ask_revision(Deadline deadline, Told told) { told(current_revision(deadline)); }
  /// Ok where writes can be expected to work; else why not.
  virtual Result<void> health(Deadline deadline) = 0;
  /// Bytes on disk (or in memory, for the memory store).
  virtual Result<uint64_t> size_bytes(Deadline deadline) = 0;
};

}  // namespace mizzen::store
