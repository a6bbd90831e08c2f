#pragma once
#include "apiserver/registry/cached_objects.h"
#include "auth/tokens/bound_objects.h"

namespace mizzen::apiserver {

/// Role: the objects that tokens name, as the caches have them. Threading: thread-safe; does not block. Where
/// the store is elsewhere, an object that another server made is believed once the cache has it.
class CachedBoundObjects final : public auth::BoundObjects {
 public:
  explicit CachedBoundObjects(const CachedObjects& objects) : objects_(objects) {}
  std::optional<Found> find(auth::BoundKind kind, std::string_view ns, std::string_view name) const override;
  std::optional<std::string> secret_token(std::string_view ns, std::string_view name) const override;

 private:
  Object object(auth::BoundKind kind, std::string_view ns, std::string_view name) const;

  const CachedObjects& objects_;
};

}  // namespace mizzen::apiserver
