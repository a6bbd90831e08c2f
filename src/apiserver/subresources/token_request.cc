#include "apiserver/subresources/token_request.h"

#include <fmt/format.h>

#include "api/schema/authentication/v1/token_request.h"
#include "api/schema/core/v1/service_account.h"
#include "apiserver/request/names.h"
#include "apiserver/subresources/token_binding.h"
#include "auth/tokens/claims.h"
#include "auth/tokens/jwt.h"
#include "auth/user/account_names.h"
#include "base/random.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

using api::authentication::v1::TokenRequest;
using api::core::v1::ServiceAccount;

constexpr std::string_view kGroup = "authentication.k8s.io";
constexpr int64_t kSecondsDefault = 3600;
constexpr int64_t kSecondsMin = 600;
constexpr int64_t kSecondsMax = int64_t{1} << 32;
/// What the ServiceAccount admission plug-in asks for. Whoever keeps such a token beyond its time does not
/// know that it must be read again: it gets a year in which that is told and not punished.
constexpr int64_t kSecondsInjected = 3607;
constexpr int64_t kSecondsExtended = 365 * 24 * 3600;

Result<void> check(const TokenRequest& request) {
  machinery::FieldErrors errors;
  const machinery::Path at = machinery::Path("spec").child("expirationSeconds");
  const int64_t seconds = *request.spec.expirationSeconds;
  if (seconds < kSecondsMin) errors.invalid(at, seconds, "may not specify a duration less than 10 minutes");
  if (seconds > kSecondsMax)
    errors.invalid(at, seconds, "may not specify a duration larger than 2^32 seconds");
  if (!errors.empty()) return errors.to_error(kGroup, "TokenRequest", "");
  return {};
}

/// The request with what it leaves out; Invalid, BadRequest or Conflict where it does not fit the account.
Result<TokenRequest> completed(TokenRequest request, const RequestContext& context,
                               const ServiceAccount& account, const auth::TokenKeys& keys, codec::Time now) {
  auto& meta = request.metadata;
  if (!meta.uid.empty() && meta.uid != account.metadata.uid)
    return uid_conflict(kGroup, "TokenRequest", context.name,
                        fmt::format("the UID in the token request ({}) does not match the UID of the service "
                                    "account ({})",
                                    meta.uid, account.metadata.uid));
  if (request.spec.audiences.empty()) request.spec.audiences = keys.audiences;
  if (!request.spec.expirationSeconds) request.spec.expirationSeconds = kSecondsDefault;
  meta.name = account.metadata.name;
  meta.namespace_ = account.metadata.namespace_;
  meta.uid = account.metadata.uid;
  meta.creationTimestamp = now;
  request.status = {};
  MZ_TRY(check(request));
  return request;
}

Result<void> match_names(const RequestContext& context, TokenRequest& request) {
  MZ_TRY(match_namespace(context, request.metadata));
  if (request.metadata.name.empty() || request.metadata.name == context.name) return {};
  machinery::FieldErrors errors;
  errors.invalid(machinery::Path("metadata").child("name"), request.metadata.name,
                 "must match the service account name if specified");
  return errors.to_error(kGroup, "TokenRequest", context.name);
}

void shorten(int64_t& seconds, const auth::TokenKeys& keys, RequestContext& context) {
  if (keys.expiration_max <= 0 || seconds <= keys.expiration_max) return;
  context.warnings.push_back(fmt::format("requested expiration of {} seconds shortened to {} seconds",
                                         seconds, keys.expiration_max));
  seconds = keys.expiration_max;
}

Result<Object> issued(Core& core, RequestContext& context, TokenRequest request) {
  const auth::TokenKeys& keys = *core.token_keys();
  MZ_TRY(match_names(context, request));
  MZ_ASSIGN(const auto account,
            core.newest<ServiceAccount>(context.namespace_, context.name, context.deadline));
  const codec::Time now = codec::Time::from(core.clock().wall());
  MZ_ASSIGN(request, completed(std::move(request), context, *account, keys, now));
  auth::TokenClaims claims;
  if (request.spec.boundObjectRef) MZ_TRY(bind_token(core, context, *request.spec.boundObjectRef, claims));
  int64_t& seconds = *request.spec.expirationSeconds;
  shorten(seconds, keys, context);
  int64_t life = seconds;
  if (keys.extend_expiration && claims.pod && seconds == kSecondsInjected &&
      keys.all_ours(request.spec.audiences)) {
    claims.warn_after = now.seconds + seconds;
    life = keys.expiration_max > 0 ? std::min(kSecondsExtended, keys.expiration_max) : kSecondsExtended;
  }
  claims.issuer = keys.issuer();
  claims.subject = auth::account_user_name(account->metadata.namespace_, account->metadata.name);
  claims.audiences = request.spec.audiences;
  claims.issued = claims.not_before = now.seconds;
  claims.expires = now.seconds + life;
  claims.id = uuid(core.random());
  claims.namespace_ = account->metadata.namespace_;
  claims.account = {account->metadata.name, account->metadata.uid};
  MZ_ASSIGN(request.status.token, auth::sign_jwt(keys.signer, auth::encode_claims(claims)));
  request.status.expirationTimestamp = codec::Time{now.seconds + seconds, 0};
  return Object::of(std::move(request));
}

}  // namespace

void issue_token(Core& core, const PartRequest& request, PartDone done) {
  if (!core.token_keys())
    return done(Error(Code::ServiceUnavailable, "this server has no key to sign tokens with"));
  if (!request.object.as<TokenRequest>())
    return done(Error(Code::BadRequest, "a token takes a TokenRequest"));
  admit_part(core, request, admission::Operation::Create, done,
             [&core, context = request.context, done](const Object& admitted) {
               done(issued(core, *context, *admitted.as<TokenRequest>()));
             });
}

}  // namespace mizzen::apiserver
