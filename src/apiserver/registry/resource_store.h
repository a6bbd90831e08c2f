#pragma once
#include <functional>
#include <memory>
#include <string>

#include "apiserver/cache/cache.h"
#include "apiserver/registry/core_metrics.h"
#include "base/random.h"
#include "machinery/schema/meta/v1/delete_options.h"
#include "store/contract/store.h"

namespace mizzen::apiserver {

/// What every write carries.
struct WriteContext {
  std::string api_version;  ///< of the request, for defaults that changed between versions
  bool dry_run = false;
  Deadline deadline = Deadline::never();
  /// Texts for the Warning header.
  std::vector<std::string>* warnings = nullptr;
};

/// What runs between defaulting and validation: may change or refuse the object. `old` is null on create.
using Admit = std::function<Result<void>(const api::ResourceInfo&, machinery::MutableObject& object,
                                         const Entry* old, const WriteContext&)>;

/// The last step before a write, on objects that are valid: gives out what only one object may have. The
/// token goes when the write is done, however it ended.
using Allocate = std::function<Result<std::shared_ptr<void>>(
    const api::ResourceInfo&, machinery::MutableObject& object, const Entry* old, const WriteContext&)>;

/// Events are kept this long, as upstream's --event-ttl has it.
inline constexpr std::chrono::seconds kEventTtl{3600};
inline constexpr std::chrono::seconds kLeaseReuse{60};

/// How an update goes about metadata and status.
enum class UpdateKind : uint8_t { Main, Status };

/// What a deletion came to.
struct Deletion {
  EntryPtr entry;       ///< last state where gone, present state where terminating
  bool gone = false;    ///< false: it terminates now, or did already
  bool changed = true;  ///< false: it was terminating and nothing had to be written
};

/// Role: the writes of one resource: create, update, delete with upstream's rules on names, metadata,
/// preconditions, finalizers, grace and optimistic conflicts. Reads its cache, writes the store, knows
/// nothing of HTTP. Threading: thread-safe; every call blocks on the store, so it runs on workers. Failure:
/// the API's errors with upstream's texts. A conflict under a read-modify-write is retried until the
/// deadline.
class ResourceStore {
 public:
  struct Deps {
    store::Store& store;
    ResourceCache& cache;
    const Clock& clock;
    Random& random;
    Admit admit;
    Allocate allocate = nullptr;
    const StoreMetrics* metrics = nullptr;  ///< null: calls of the store are not timed
  };
  explicit ResourceStore(Deps deps) : deps_(std::move(deps)) {}

  const api::ResourceInfo& resource() const { return deps_.cache.resource(); }
  ResourceCache& cache() { return deps_.cache; }
  const ResourceCache& cache() const { return deps_.cache; }

  /// The newest state; NotFound where there is none.
  Result<EntryPtr> get(const std::string& namespace_, const std::string& name, Deadline deadline);

  Result<EntryPtr> create(machinery::MutableObject object, const WriteContext& context);

  /// Makes the next state from the present one: called again after a conflict. It may change anything; what
  /// the request may not touch is restored afterwards.
  using Change = std::function<Result<machinery::MutableObject>(const Entry& old)>;
  struct UpdateOptions {
    UpdateKind kind = UpdateKind::Main;
    /// Called where the object does not exist and the kind may be created by PUT.
    std::function<Result<machinery::MutableObject>()> create_instead;
    bool* created = nullptr;
    /// The strategy's hooks and validation are for the API's users; subresources that set one field skip
    /// them.
    bool raw = false;
  };
  Result<EntryPtr> update(const std::string& namespace_, const std::string& name, const Change& change,
                          const UpdateOptions& options, const WriteContext& context);

  Result<Deletion> remove(const std::string& namespace_, const std::string& name,
                          const meta::v1::DeleteOptions& options, const WriteContext& context);

  Error not_found(std::string_view name) const;
  Error conflict(std::string_view name, std::string_view why) const;
  Error already_exists(std::string_view name) const;

 private:
  /// The stored state by a read of the store itself, for after a conflict.
  Result<EntryPtr> fresh(const std::string& key, const std::string& name, Deadline deadline);
  /// Writes `object` where the key still stands at `expected` (0: absent). Nothing where it does not.
  Result<EntryPtr> commit(const std::string& key, int64_t expected, machinery::MutableObject object,
                          const WriteContext& context);
  Result<bool> commit_delete(const std::string& key, int64_t expected, int64_t& revision,
                             const WriteContext& context);
  /// `held` keeps what was given out until the write is done.
  Result<machinery::MutableObject> next_state(const Entry& old, const Change& change,
                                              const UpdateOptions& options, const WriteContext& context,
                                              std::shared_ptr<void>& held);
  /// Counts a call of the store.
  template <typename T>
  Result<T> timed(StoreMetrics::Op op, Monotonic since, Result<T> result) const {
    if (deps_.metrics) deps_.metrics->record(op, !result.ok(), deps_.clock.monotonic() - since);
    return result;
  }
  Error invalid(const machinery::FieldErrors& errors, const machinery::MutableObject& object) const;
  EntryPtr as_deleted(const Entry& old, int64_t revision) const;
  /// The lease that new events are put under: a fresh one a minute, so that there are few of them.
  Result<store::LeaseId> event_lease(Deadline deadline);

  Deps deps_;
  Mutex lease_m_;
  store::LeaseId lease_ MZ_GUARDED_BY(lease_m_);
  Monotonic lease_until_ MZ_GUARDED_BY(lease_m_){};
};

/// Fails with upstream's Conflict texts where the preconditions do not hold.
Result<void> check_preconditions(const api::ResourceInfo& resource, const meta::v1::ObjectMeta& meta,
                                 const meta::v1::DeleteOptions& options);

}  // namespace mizzen::apiserver
