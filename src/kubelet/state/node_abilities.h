#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace mizzen::kubelet {

/// What runs short on a node, or did not long ago.
struct Pressures {
  bool memory = false;
  bool disk = false;
  bool pids = false;
  bool any() const { return memory || disk || pids; }
  friend bool operator==(const Pressures&, const Pressures&) = default;
};

/// What this node, its kernel and its runtime can do of what a pod may ask for.
struct NodeAbilities {
  bool groups_policy = false;        ///< supplementalGroupsPolicy: Strict
  bool recursive_read_only = false;  ///< mounts that are read-only with all below them
  bool user_namespaces = false;      ///< as the runtime says; pods do not get them here yet
  bool app_armor = false;
  bool privileged = true;  ///< containers may be (--allow-privileged)
  Pressures pressures;
  std::string kernel_version;
  std::vector<uint64_t> huge_pages;  ///< sizes, in bytes
};

}  // namespace mizzen::kubelet
