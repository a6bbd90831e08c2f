#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "rest/config/rest_config.h"

namespace mizzen::rest {

/// What the context of this name, or current-context where it is empty, says in the text of a kubeconfig
/// (YAML or JSON). Files it names are read, from `folder` where their paths are relative. Errors: BadRequest
/// with the field that is wrong; what stands in it and is not supported (exec, proxy-url) is an error, never
/// left out.
Result<RestConfig> read_kubeconfig(std::string_view text, const std::string& folder,
                                   const std::string& context = "");
/// The same from a file. Blocks.
Result<RestConfig> load_kubeconfig(const std::string& path, const std::string& context = "");

/// What a pod finds: the service account's token and authority, and KUBERNETES_SERVICE_HOST and _PORT, given
/// by who composes. Blocks.
Result<RestConfig> in_cluster_config(
    const std::string& host, const std::string& port,
    const std::string& folder = "/var/run/secrets/kubernetes.io/serviceaccount");

}  // namespace mizzen::rest
