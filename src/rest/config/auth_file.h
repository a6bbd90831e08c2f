#pragma once
#include <string>

#include "base/result.h"
#include "rest/config/rest_config.h"

namespace mizzen::rest {

/// What --api-servers and --auth-path say, the way of before kubeconfig: the first of several URLs, and a
/// JSON file with User, Password, CAFile, CertFile, KeyFile, BearerToken and Insecure, each where it has
/// something to say; an empty path is nobody. Errors: as of a kubeconfig, whose fields they name; BadRequest
/// where the file is no JSON. Blocks.
Result<RestConfig> load_auth_file(const std::string& servers, const std::string& path);

}  // namespace mizzen::rest
