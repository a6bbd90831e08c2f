#pragma once
#include <string>

#include "auth/request/request_info.h"
#include "auth/user/user.h"
#include "base/result.h"

namespace mizzen::auth {

/// What an authorizer came to. NoOpinion leaves it to the next one; where none has an opinion, it is no.
struct Decision {
  enum class Kind : uint8_t { Allow, Deny, NoOpinion };
  Kind kind = Kind::NoOpinion;
  std::string reason;  ///< why, for the refusal and the audit log; may be empty
};

/// Role: says whether a user may do what a request is about. Every request is asked about, from HTTP and from
/// inside the process. Threading: thread-safe; does not block: decides from what it knows.
class Authorizer {
 public:
  virtual ~Authorizer() = default;
  virtual Decision decide(const User& user, const RequestInfo& info) const = 0;
};

/// Asks `authorizer`: Forbidden with upstream's text where it does not allow.
Result<void> authorize(const Authorizer& authorizer, const User& user, const RequestInfo& info);
/// The refusal. Names what the client sent, with nothing in it that reads as HTML. Pure.
Error forbidden(const User& user, const RequestInfo& info, std::string_view reason);

}  // namespace mizzen::auth
