#pragma once
#include "admission/chain/plugin.h"
#include "api/schema/core/v1/service_account.h"
#include "base/random.h"

namespace mizzen::admission {

/// Role: ServiceAccount: pods run as an account of their namespace that exists, "default" where they name
/// none; they get its token and its pull secrets, and only the secrets that it lets them have. Mirror pods
/// have none of that. An account that the cache does not know is looked up; `default`, which a controller
/// makes for each namespace, is waited for. Threading: thread-safe.
class ServiceAccount final : public Plugin {
 public:
  ServiceAccount(const Clock& clock, Random& random, const Objects& objects)
      : clock_(clock), random_(random), objects_(objects) {}
  std::string_view name() const override { return "ServiceAccount"; }
  std::span<const Interest> interests() const override;
  Answer mutate(Attributes& a, const Resume& resume) const override;
  Answer validate(const Attributes& a, const Resume& resume) const override;

 private:
  using Account = api::core::v1::ServiceAccount;
  using With = std::function<Result<void>(const Account&)>;
  /// Goes on with the account of this name, at once or later.
  Answer with_account(const Attributes& a, const std::string& account, const Resume& resume, With with) const;
  void look_up(const Attributes& a, const std::string& account, int attempt, const Resume& resume,
               const With& with) const;

  const Clock& clock_;
  Random& random_;
  const Objects& objects_;
};

}  // namespace mizzen::admission
