#include "kubelet/tokens/issued_token.h"

#include <algorithm>

#include "api/schema/authentication/v1/token_request.h"
#include "api/schema/core/v1/service_account.h"

namespace mizzen::kubelet {
namespace {

using api::authentication::v1::TokenRequest;
using api::core::v1::ServiceAccount;

constexpr int64_t kAgeMaxS = 24LL * 3600;
/// Of what is left of a token's life when it is asked for anew, in percent.
constexpr int64_t kLeftPercent = 20;
/// Whatever the API says, it can be reckoned with: some ten thousand years.
constexpr int64_t kSecondsMax = 1LL << 38;

int64_t sane(int64_t seconds) { return std::clamp(seconds, -kSecondsMax, kSecondsMax); }

TokenRequest request_of(const TokenWish& wish) {
  TokenRequest out;
  out.metadata.namespace_ = wish.namespace_;
  out.metadata.name = wish.service_account;
  if (!wish.audience.empty()) out.spec.audiences.push_back(wish.audience);
  out.spec.expirationSeconds = wish.lifetime_s;
  auto& bound = out.spec.boundObjectRef.ensure();
  bound.kind = "Pod";
  bound.apiVersion = "v1";
  bound.name = wish.pod_name;
  bound.uid = wish.pod_uid;
  return out;
}

}  // namespace

Result<IssuedToken> request_token(client::ApiClient& api, const TokenWish& wish, const client::Call& call) {
  if (wish.service_account.empty()) return Error(Code::BadRequest, "resource name may not be empty");
  MZ_ASSIGN(const auto answer,
            client::create_part<ServiceAccount>(api, client::Object::of(request_of(wish)), "token", call));
  const auto* issued = answer.as<TokenRequest>();
  if (!issued || issued->status.token.empty() || !issued->status.expirationTimestamp.is_set())
    return Error(Code::InternalError, "the API server answered with no token");
  return IssuedToken{.token = issued->status.token,
                     .expires_s = sane(issued->status.expirationTimestamp.seconds),
                     .lifetime_s = sane(issued->spec.expirationSeconds.value_or(wish.lifetime_s))};
}

int64_t renewal_time(const IssuedToken& token, int64_t jitter_s) {
  const int64_t issued = token.expires_s - token.lifetime_s;
  const int64_t left = token.lifetime_s * kLeftPercent / 100;
  return std::min(issued + kAgeMaxS, token.expires_s - left) - jitter_s;
}

}  // namespace mizzen::kubelet
