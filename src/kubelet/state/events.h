#pragma once
#include <string>
#include <string_view>

#include "kubelet/state/pod_facts.h"

namespace mizzen::kubelet {

/// Where the node's events go. The API's recorder behind it joins and counts them.
/// Threading: thread-safe; never blocks.
class Events {
 public:
  virtual ~Events() = default;
  /// About a pod, or where `container` is not empty about that container of it.
  virtual void pod_event(const Pod& pod, const std::string& container, bool warning, std::string_view reason,
                         const std::string& message) = 0;
  virtual void node_event(bool warning, std::string_view reason, const std::string& message) = 0;
};

}  // namespace mizzen::kubelet
