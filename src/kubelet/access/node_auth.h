#pragma once
#include <optional>
#include <string>

#include "auth/user/user.h"
#include "base/clock.h"
#include "base/result.h"
#include "http/exchange/exchange.h"
#include "kubelet/access/node_call.h"

namespace mizzen::kubelet {

/// Role: who may call the node's server. Place: given to the kubelet by who composes it; outlives it.
/// Threading: thread-safe; calls block until their deadline at most.
class NodeAuth {
 public:
  virtual ~NodeAuth() = default;
  /// Whose certificates of callers are believed, PEM; empty: nobody's.
  virtual std::string client_ca_pem() const = 0;
  /// Who sent it; Unauthorized where it does not say, or what it says is no good.
  virtual Result<auth::User> identify(const http::Request& request, Deadline deadline) = 0;
  /// Whether they may; an error where who decides cannot be asked.
  virtual Result<bool> allows(const auth::User& user, const std::string& verb, const std::string& subresource,
                              Deadline deadline) = 0;
};

/// Why a call is not carried out.
struct Denial {
  int status;
  std::string text;
};

/// Nothing where `call` may be carried out; else upstream's answer.
std::optional<Denial> denial_of(NodeAuth& auth, const http::Request& request, const NodeCall& call,
                                Deadline deadline);

}  // namespace mizzen::kubelet
