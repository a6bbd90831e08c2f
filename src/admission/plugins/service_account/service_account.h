#pragma once
#include "admission/chain/plugin.h"

namespace mizzen::admission {

/// Role: ServiceAccount: pods run as an account of their namespace that exists, "default" where they name
/// none. Threading: immutable.
class ServiceAccount final : public Plugin {
 public:
  explicit ServiceAccount(const Objects& objects) : objects_(objects) {}
  std::string_view name() const override { return "ServiceAccount"; }
  std::span<const Interest> interests() const override;
  Answer mutate(Attributes& a, const Resume& resume) const override;

 private:
  const Objects& objects_;
};

}  // namespace mizzen::admission
