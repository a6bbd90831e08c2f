#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "api/registry/registry.h"
#include "base/mutex.h"
#include "base/published.h"

namespace mizzen::api {

/// Role: which resources there are, while they come and go: it has the newest Registry, and tells those who
/// follow of the next one. Place: one for a server, made by composition. Threading: thread-safe; registry()
/// waits for nobody. Changes are made one at a time, and block until every follower has been told: one after
/// the other, in the order in which they began to follow, on the thread that makes the change. A follower may
/// block; it must neither change the catalogue nor end a following. Invariants: I1 a follower is told of
/// every snapshot once, in order, from the one that was there when it began.
class ResourceCatalog {
 public:
  explicit ResourceCatalog(RegistryPtr first);

  RegistryPtr registry() const { return newest_.load(); }
  /// Errors as Registry::with.
  Result<ResourcePtr> add(ResourceInfo resource);
  /// NotFound where it is gone already.
  Result<void> remove(const ResourceInfo& resource);

  using Follower = std::function<void(const RegistryPtr& now)>;
  /// Ends with the token, which waits for a change under way. The catalogue must outlive it.
  using Following = std::shared_ptr<void>;
  /// Tells `follower` of what there is, before it returns, and from then on of every change.
  [[nodiscard]] Following follow(Follower follower);

 private:
  void publish(RegistryPtr next) MZ_REQUIRES(changing_);

  Published<Registry> newest_;
  Mutex changing_;  ///< held while a change is made and told
  std::vector<std::shared_ptr<Follower>> followers_ MZ_GUARDED_BY(changing_);
};

}  // namespace mizzen::api
