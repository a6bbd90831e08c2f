#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mizzen::kubelet {

/// What a request to the node's server asks leave for, as upstream's kubelet maps it: a verb on one of the
/// subresources of its Node, the first that is allowed. Pure.
struct NodeCall {
  std::string verb;                       ///< empty for a method that no role has a word for
  std::vector<std::string> subresources;  ///< never empty; "proxy" is all that has no name of its own
};

/// `path`: the segments of the URL, decoded.
NodeCall node_call(std::string_view method, const std::vector<std::string>& path);

}  // namespace mizzen::kubelet
