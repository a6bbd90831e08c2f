#pragma once
#include <span>

#include "auth/authorize/authorizer.h"

namespace mizzen::auth {

/// Role: the rule until roles exist: system:masters and Mizzen's own components (controller manager,
/// scheduler, nodes) may do all; everybody may see health and version; whoever is known may look up what the
/// API is and who it is itself; service accounts may see who issues their tokens. Threading: immutable.
class ComponentAuthorizer final : public Authorizer {
 public:
  Decision decide(const User& user, const RequestInfo& info) const override;
};

}  // namespace mizzen::auth
