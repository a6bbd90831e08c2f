#pragma once
#include <compare>
#include <set>
#include <string>

#include "kubelet/state/pod_facts.h"

namespace mizzen::kubelet {

/// A config map or secret of the pod's namespace.
struct ObjectReference {
  enum class Kind : uint8_t { ConfigMap, Secret } kind;
  std::string name;
  friend auto operator<=>(const ObjectReference&, const ObjectReference&) = default;
};

/// Pure: all that the pod names: in volumes, environments and pull secrets.
std::set<ObjectReference> object_references(const Pod& pod);

}  // namespace mizzen::kubelet
