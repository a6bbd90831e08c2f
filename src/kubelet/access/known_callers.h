#pragma once
#include <string>
#include <vector>

#include "kubelet/access/node_auth.h"

namespace mizzen::kubelet {

/// Role: callers with a certificate of one authority, with one of these organisations or names, may do all;
/// nobody else anything. Place: where the authority is in the same process, and nobody needs to be asked.
/// Threading: immutable.
class KnownCallers final : public NodeAuth {
 public:
  struct Options {
    std::string client_ca_pem;
    std::vector<std::string> organisations = {"system:masters"};
    std::vector<std::string> names = {"kube-apiserver-kubelet-client"};
  };
  explicit KnownCallers(Options options) : options_(std::move(options)) {}
  std::string client_ca_pem() const override { return options_.client_ca_pem; }
  Result<auth::User> identify(const http::Request& request, Deadline deadline) override;
  Result<bool> allows(const auth::User& user, const std::string& verb, const std::string& subresource,
                      Deadline deadline) override;

 private:
  const Options options_;
};

}  // namespace mizzen::kubelet
