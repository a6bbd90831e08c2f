#include "apiserver/registry/bound_objects.h"

#include "api/schema/core/v1/node.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/secret.h"
#include "api/schema/core/v1/service_account.h"

namespace mizzen::apiserver {
namespace v1 = api::core::v1;

Object CachedBoundObjects::object(auth::BoundKind kind, std::string_view ns, std::string_view name) const {
  switch (kind) {
    case auth::BoundKind::Account:
      return objects_.cached<v1::ServiceAccount>(ns, name);
    case auth::BoundKind::Pod:
      return objects_.cached<v1::Pod>(ns, name);
    case auth::BoundKind::Node:
      return objects_.cached<v1::Node>(ns, name);
    case auth::BoundKind::Secret:
      break;
  }
  return objects_.cached<v1::Secret>(ns, name);
}

std::optional<auth::BoundObjects::Found> CachedBoundObjects::find(auth::BoundKind kind, std::string_view ns,
                                                                  std::string_view name) const {
  const Object found = object(kind, ns, name);
  if (!found) return std::nullopt;
  const auto& meta = found.meta();
  Found out{meta.uid, std::nullopt};
  if (meta.deletionTimestamp) out.deleted = meta.deletionTimestamp->wall();
  return out;
}

std::optional<std::string> CachedBoundObjects::secret_token(std::string_view ns,
                                                            std::string_view name) const {
  const Object found = object(auth::BoundKind::Secret, ns, name);
  const auto* secret = found ? found.as<v1::Secret>() : nullptr;
  if (!secret || secret->metadata.deletionTimestamp || secret->type != "kubernetes.io/service-account-token")
    return std::nullopt;
  const std::string* token = secret->data.find("token");
  return token ? std::optional(*token) : std::nullopt;
}

}  // namespace mizzen::apiserver
