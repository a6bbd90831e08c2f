#pragma once
#include "admission/chain/plugin.h"
#include "apiserver/registry/resource_store.h"

namespace mizzen::apiserver {

/// Role: what admission may know of objects, from the caches; the store is asked, without a thread, for what
/// they do not have. Threading: thread-safe.
class CachedObjects final : public admission::Objects {
 public:
  struct Deps {
    store::Store& store;
    std::function<api::RegistryPtr()> registry;
    std::function<StorePtr(const api::ResourceInfo&)> find;
    InFlight& in_flight;
    Retry& retry;  ///< where evaluation goes on after the store was asked
  };
  explicit CachedObjects(Deps deps) : deps_(std::move(deps)) {}

  api::RegistryPtr registry() const override { return deps_.registry(); }
  using admission::Objects::cached;
  Object cached(const api::ResourceInfo& resource, std::string_view namespace_,
                std::string_view name) const override;
  void newest(const api::ResourceInfo& resource, std::string_view namespace_, std::string_view name,
              Deadline deadline, std::function<void(Result<Object>)> done) const override;
  bool later(int attempt, std::function<void()> f) const override {
    return deps_.retry.again(attempt, std::move(f));
  }
  std::vector<Object> all(const api::ResourceInfo& resource) const override;
  int64_t generation(const api::ResourceInfo& resource) const override;

 private:
  const Deps deps_;
};

}  // namespace mizzen::apiserver
