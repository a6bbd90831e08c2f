#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "network/plan/node_plan.h"
#include "network/protocol/cni_call.h"

namespace mizzen::network {

/// What a CNI configuration says, as far as the node's network asks for it.
struct CniConfig {
  std::string version;
  std::vector<HostPort> ports;    ///< not checked yet
  std::set<AttachmentKey> valid;  ///< those that GC is to keep
  bool names_valid = false;       ///< false: it says nothing of them
  CniAnswer problem;              ///< the error document where the text is no configuration we understand
};
/// Pure.
CniConfig parse_cni_config(std::string_view text);

/// Pure: "namespace/name" where Kubernetes' names are among the CNI_ARGS, else empty.
std::string pod_of_arguments(std::string_view arguments);

/// Pure: what ADD answers.
std::string cni_result(std::string_view version, const PodAttachment& pod, const NodeSettings& node);

}  // namespace mizzen::network
