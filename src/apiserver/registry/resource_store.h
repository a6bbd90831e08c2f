#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "admission/chain/chain.h"
#include "apiserver/allocate/allocator.h"
#include "apiserver/cache/cache.h"
#include "apiserver/flow/await.h"
#include "apiserver/flow/in_flight.h"
#include "apiserver/flow/retry.h"
#include "apiserver/registry/store_metrics.h"
#include "auth/request/request_context.h"
#include "base/published.h"
#include "base/random.h"
#include "machinery/errors/field_errors.h"
#include "machinery/schema/meta/v1/delete_options.h"
#include "store/contract/store.h"

namespace mizzen::apiserver {

using auth::RequestContext;
using auth::RequestContextPtr;

/// What an update came to.
struct Updated {
  EntryPtr entry;
  bool created = false;  ///< it was not there, and the kind may be created by PUT
};

/// What a deletion came to.
struct Deletion {
  EntryPtr entry;        ///< the state before where gone (see last_state), present state where terminating
  bool gone = false;     ///< false: it terminates now, or did already
  bool changed = true;   ///< false: it was terminating and nothing had to be written
  int64_t revision = 0;  ///< of the deletion where gone
};

/// Makes the next state from the present one: called again after a conflict. It may change anything; what the
/// request may not touch is restored afterwards. Must stay callable until the write is done.
using NextState = std::function<Result<machinery::MutableObject>(const Entry& old)>;

/// What an update is beside its change.
struct UpdateOptions {
  /// The stored part (api::Handled::Store) that it is for; nothing: all but the parts.
  std::optional<api::Subresource> part;
  /// Called where the object does not exist and the kind may be created by PUT.
  std::function<Result<machinery::MutableObject>()> create_instead;
  /// The strategy's hooks and validation are for the API's users; subresources that set one field skip them.
  bool raw = false;
  /// False where the subresource has been admitted as what it is.
  bool admit = true;
};

/// Role: the writes of one resource: create, update, delete with upstream's rules on names, metadata,
/// preconditions, finalizers, grace and optimistic conflicts. Reads its cache, writes the store, knows
/// nothing of HTTP. Threading: thread-safe. create(), update() and remove() evaluate on the calling thread,
/// submit the transaction and return: no thread waits for the disk, and none for the store but that of Retry.
/// An event loop may call where blocks() is false and the objects are small, so that evaluating is short.
/// `done` runs once: on the calling thread where nothing was submitted, else on the store's committing
/// thread, where it must be short and must not block, or on a thread of Retry.
/// Invariants: I1 each write is one transaction with a compare on the revision it was evaluated on and on all
/// it claims. Failure: the API's errors with upstream's texts. Where the store has moved on the write is
/// evaluated again, with back-off, until the context's deadline.
class ResourceStore : public std::enable_shared_from_this<ResourceStore> {
 public:
  struct Deps {
    store::Store& store;
    std::shared_ptr<ResourceCache> cache;
    const Clock& clock;
    Random& random;
    const admission::Chain& admission;
    Retry& retry;
    InFlight& in_flight;                  ///< transactions on their way
    Allocator* allocator = nullptr;       ///< null: objects take nothing that only one may have
    std::optional<StoreMetrics> metrics;  ///< none: calls of the store are not timed
  };
  explicit ResourceStore(Deps deps);
  /// The resource is served no more, or the server stops (`why`): ends the cache, and no write is begun from
  /// now on; those that are under way end. Waits as ResourceCache::stop.
  void stop(const Error& why);

  const api::ResourceInfo& resource() const { return deps_.cache->resource(); }
  ResourceCache& cache() { return *deps_.cache; }
  const ResourceCache& cache() const { return *deps_.cache; }
  /// Where an object stands in the store.
  std::string path(std::string_view key) const { return prefix_ + std::string(key); }
  const std::string& prefix() const { return prefix_; }

  /// The newest state; NotFound where there is none. Blocks where the store is elsewhere.
  Result<EntryPtr> get(const std::string& namespace_, const std::string& name, Deadline deadline);
  /// The stored state by a read of the store itself. Blocks where the store is elsewhere.
  Result<EntryPtr> fresh(const std::string& namespace_, const std::string& name, Deadline deadline);

  template <typename T>
  using Done = std::function<void(Result<T>)>;
  /// True where a write may wait for the store before it is submitted: objects with a ttl need a lease.
  bool blocks() const { return resource().strategy->ttl().has_value(); }
  void create(RequestContextPtr context, machinery::MutableObject object, Done<EntryPtr> done);
  void update(RequestContextPtr context, const std::string& namespace_, const std::string& name,
              NextState change, UpdateOptions options, Done<Updated> done);
  void remove(RequestContextPtr context, const std::string& namespace_, const std::string& name,
              meta::v1::DeleteOptions options, bool admit, Done<Deletion> done);

  /// The object as a deletion answers it: with the deletion's revision.
  EntryPtr last_state(const Deletion& deletion) const;

  Error not_found(std::string_view name) const;
  Error conflict(std::string_view name, std::string_view why) const;
  Error already_exists(std::string_view name) const;

 private:
  class CreateWrite;
  class UpdateWrite;
  class RemoveWrite;

  /// What a transaction came to.
  struct Committed {
    EntryPtr entry;                        ///< what was written; null for a deletion and a conflict
    int64_t revision = 0;                  ///< of the write; 0: something else was in the store
    std::optional<store::KeyValue> found;  ///< on conflict: the object's key as it is, if it is
    bool lost_claims = false;              ///< on conflict: somebody else has what was claimed
  };
  /// Submits: `object` (null: the key's deletion) where the key still stands at `expected` (0: absent) and
  /// the claims hold.
  void commit(const RequestContext& context, const std::string& key, int64_t expected,
              std::optional<machinery::MutableObject> object, Claims claims, Done<Committed> done);
  EntryPtr make_entry(const std::string& key, int64_t revision, machinery::MutableObject object) const;
  Result<EntryPtr> decode(const std::string& key, const store::KeyValue& kv) const;
  Result<EntryPtr> read(const std::string& key, std::string_view name, Deadline deadline) const;
  /// The newest state there is, for a write that the cache's state alone would refuse; NotFound where there
  /// is none. A local store has told the cache of all that it has acknowledged; one elsewhere is read, on a
  /// thread of Retry. Does not block; `done` runs on a thread that may evaluate.
  void newest(const std::string& key, const std::string& name, Deadline deadline, Done<EntryPtr> done);
  Error invalid(const machinery::FieldErrors& errors, const machinery::MutableObject& object) const;
  Error timed_out() const;
  Error too_busy() const;
  /// The lease that new objects of a kind with a ttl are put under: a fresh one a minute, so that there are
  /// few.
  Result<store::LeaseId> ttl_lease(std::chrono::seconds ttl, Deadline deadline);
  /// Warns of what it drops; `admitted`: it came with admission, or with a patch.
  static void drop_duplicate_owners(meta::v1::ObjectMeta& meta, RequestContext& context, bool admitted);

  const Deps deps_;
  const std::string prefix_;
  std::atomic<bool> stopped_ = false;
  Published<Error> why_stopped_;
  Mutex lease_m_;
  store::LeaseId lease_ MZ_GUARDED_BY(lease_m_);
  Monotonic lease_until_ MZ_GUARDED_BY(lease_m_){};
};

using StorePtr = std::shared_ptr<ResourceStore>;

/// What upstream answers about a resource that it does not serve.
Error no_such_resource();
/// What is there does not take the verb.
Error no_such_method();

/// Fails with upstream's Conflict texts where the preconditions do not hold.
Result<void> check_preconditions(const api::ResourceInfo& resource, const meta::v1::ObjectMeta& meta,
                                 const meta::v1::DeleteOptions& options);

}  // namespace mizzen::apiserver
