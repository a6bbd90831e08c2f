#include "api/registry/catalog.h"

#include <fmt/format.h>

#include "base/check.h"

namespace mizzen::api {

ResourceCatalog::ResourceCatalog(RegistryPtr first) : newest_(std::move(first)) {}

Result<ResourcePtr> ResourceCatalog::add(ResourceInfo resource) {
  Lock lock(changing_);
  MZ_ASSIGN(RegistryPtr next, registry()->with(std::move(resource)));
  ResourcePtr added;
  for (const ResourceInfo& r : next->resources()) added = r.share();
  publish(std::move(next));
  return added;
}

Result<void> ResourceCatalog::remove(const ResourceInfo& resource) {
  const ResourcePtr kept = resource.share();  // what goes may be the last to know it
  Lock lock(changing_);
  const RegistryPtr now = registry();
  if (!now->has(resource))
    return Error(Code::NotFound, fmt::format("{} is not in the registry", resource.qualified()));
  publish(now->without(resource));
  return {};
}

void ResourceCatalog::publish(RegistryPtr next) {
  newest_.store(next);
  for (const auto& follower : followers_) (*follower)(next);
}

ResourceCatalog::Following ResourceCatalog::follow(Follower follower) {
  const auto entry = std::make_shared<Follower>(std::move(follower));
  Lock lock(changing_);
  followers_.push_back(entry);
  (*entry)(registry());
  return Following(nullptr, [this, entry](void*) {
    Lock guard(changing_);
    const size_t left = std::erase(followers_, entry);
    MZ_CHECK(left == 1, "a follower stands in the list once, not {} times", left);
  });
}

}  // namespace mizzen::api
