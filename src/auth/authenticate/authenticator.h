#pragma once
#include "auth/user/user.h"
#include "base/result.h"
#include "http/exchange/exchange.h"

namespace mizzen::auth {

/// Role: says who sent a request. Threading: thread-safe; does not block. Failure: Unauthorized for
/// credentials that are no good; a request without any is system:anonymous.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  virtual Result<User> authenticate(const http::Request& request) const = 0;
};

}  // namespace mizzen::auth
