#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "api/schema/core/v1/namespace.h"
#include "base/clock.h"

/// What a terminating namespace says of itself, and which ones always exist; pure.
namespace mizzen::controllers::namespaces {

using api::core::v1::Namespace;

/// Namespaces that are made again when they are gone.
inline constexpr const char* kSystemNamespaces[] = {"default", "kube-node-lease", "kube-public",
                                                    "kube-system"};
bool is_system(std::string_view name);

/// What is still in a namespace after a round of deleting.
struct Content {
  size_t left = 0;
  std::string resources;   ///< "pods. has 2 resource instances"
  std::string finalizers;  ///< "example.com/x in 1 resource instances"
  std::string failure;     ///< why something could not be deleted; empty where everything could
};

/// `held`: how many objects each finalizer keeps.
std::string finalizers_text(const std::map<std::string, size_t>& held);

/// The namespace with the conditions NamespaceDeletionContentFailure, NamespaceContentRemaining and
/// NamespaceFinalizersRemaining as the content asks for; nothing where they are right.
std::optional<Namespace> judged_status(const Namespace& ns, const Content& content, WallTime now);

}  // namespace mizzen::controllers::namespaces
