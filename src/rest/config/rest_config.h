#pragma once
#include <string>
#include <utility>
#include <vector>

#include "http/message/url.h"
#include "http/tls/tls.h"

namespace mizzen::rest {

/// Role: where an API server is and who asks it: what a kubeconfig says, read and checked. A plain value.
struct RestConfig {
  http::Target server;
  std::string base_path;  ///< before every path, without a slash at its end; for servers behind a gateway
  http::ClientTlsOptions tls;
  std::string token;       ///< bearer token; empty: none
  std::string token_file;  ///< read again every minute, since tokens are renewed in place; wins over `token`
  std::string user, password;
  /// Impersonate-User and its siblings, as sent.
  std::vector<std::pair<std::string, std::string>> impersonation;
  std::string user_agent = "mizzen";
  /// At most so many requests a second on average, and so many at once; client-go's names. qps 0: no limit.
  double qps = 20;
  int burst = 30;
};

}  // namespace mizzen::rest
