#include "apiserver/registry/bound_objects.h"

#include "api/schema/core/v1/node.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/secret.h"
#include "api/schema/core/v1/service_account.h"

namespace mizzen::apiserver {
namespace {

namespace v1 = api::core::v1;

const codec::Message& message_of(auth::BoundKind kind) {
  switch (kind) {
    case auth::BoundKind::Account:
      return v1::ServiceAccount::descriptor();
    case auth::BoundKind::Pod:
      return v1::Pod::descriptor();
    case auth::BoundKind::Node:
      return v1::Node::descriptor();
    case auth::BoundKind::Secret:
      break;
  }
  return v1::Secret::descriptor();
}

}  // namespace

Object CachedBoundObjects::object(const codec::Message& message, std::string_view ns,
                                  std::string_view name) const {
  const StorePtr store = store_(message);
  const EntryPtr entry = store ? store->cache().find(entry_key(ns, name)) : nullptr;
  return entry ? entry->object() : Object();
}

std::optional<auth::BoundObjects::Found> CachedBoundObjects::find(auth::BoundKind kind, std::string_view ns,
                                                                  std::string_view name) const {
  const Object found = object(message_of(kind), ns, name);
  if (!found) return std::nullopt;
  const auto& meta = found.meta();
  Found out{meta.uid, std::nullopt};
  if (meta.deletionTimestamp) out.deleted = meta.deletionTimestamp->wall();
  return out;
}

std::optional<std::string> CachedBoundObjects::secret_token(std::string_view ns,
                                                            std::string_view name) const {
  const Object found = object(v1::Secret::descriptor(), ns, name);
  const auto* secret = found ? found.as<v1::Secret>() : nullptr;
  if (!secret || secret->metadata.deletionTimestamp || secret->type != "kubernetes.io/service-account-token")
    return std::nullopt;
  const std::string* token = secret->data.find("token");
  return token ? std::optional(*token) : std::nullopt;
}

}  // namespace mizzen::apiserver
