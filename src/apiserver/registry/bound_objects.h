#pragma once
#include <functional>

#include "apiserver/registry/resource_store.h"
#include "auth/tokens/bound_objects.h"

namespace mizzen::apiserver {

/// Role: the objects that tokens name, as the caches have them. Threading: thread-safe; does not block. Where
/// the store is elsewhere, an object that another server made is believed once the cache has it.
class CachedBoundObjects final : public auth::BoundObjects {
 public:
  /// `store`: where the objects of a type are; null where they are not served.
  explicit CachedBoundObjects(std::function<StorePtr(const codec::Message&)> store)
      : store_(std::move(store)) {}
  std::optional<Found> find(auth::BoundKind kind, std::string_view ns, std::string_view name) const override;
  std::optional<std::string> secret_token(std::string_view ns, std::string_view name) const override;

 private:
  Object object(const codec::Message& message, std::string_view ns, std::string_view name) const;

  const std::function<StorePtr(const codec::Message&)> store_;
};

}  // namespace mizzen::apiserver
