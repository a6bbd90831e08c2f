#pragma once
#include "admission/chain/plugin.h"

namespace mizzen::admission {

/// Role: DefaultTolerationSeconds: pods stay five minutes on a node that is lost, unless they say otherwise.
/// Threading: immutable.
class DefaultTolerationSeconds final : public Plugin {
 public:
  std::string_view name() const override { return "DefaultTolerationSeconds"; }
  std::span<const Interest> interests() const override;
  Answer mutate(Attributes& a, const Resume& resume) const override;
};

}  // namespace mizzen::admission
