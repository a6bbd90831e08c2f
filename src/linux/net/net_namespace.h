#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace mizzen::linux {

/// Which namespace a file stands for. The kernel gives the number of one that ended to a later one.
struct NamespaceId {
  uint64_t device = 0;
  uint64_t inode = 0;
  friend bool operator==(const NamespaceId&, const NamespaceId&) = default;
};
/// The namespace behind `path` (/run/netns/x, /proc/PID/ns/net); NotFound where nothing stands there, or a
/// plain file, as a mount leaves it behind.
Result<NamespaceId> namespace_at(const std::string& path);

/// Runs `f` on a thread of its own inside the network namespace at `path` (/run/netns/x, /proc/PID/ns/net).
Result<void> in_network_namespace(const std::string& path, const std::function<Result<void>()>& f);
/// Creates a namespace kept alive by a mount at `path` (the file is made). AlreadyExists where it is.
Result<void> create_network_namespace(const std::string& path);
/// Removes the mount and the file; absent is success.
Result<void> delete_network_namespace(const std::string& path);

}  // namespace mizzen::linux
