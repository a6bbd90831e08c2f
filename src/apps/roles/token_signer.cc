#include "apps/roles/token_signer.h"

#include "api/schema/core/v1/service_account.h"
#include "auth/tokens/claims.h"
#include "auth/tokens/jwt.h"
#include "auth/user/account_names.h"

namespace mizzen::apps {

decltype(controllers::ClusterKeys::sign_token) secret_token_signer(pki::SigningKey key) {
  return [key = std::move(key)](const api::core::v1::ServiceAccount& account, const std::string& secret) {
    const auto& meta = account.metadata;
    auth::TokenClaims claims;
    claims.issuer = auth::kLegacyIssuer;
    claims.subject = auth::account_user_name(meta.namespace_, meta.name);
    claims.namespace_ = meta.namespace_;
    claims.account = {meta.name, meta.uid};
    claims.secret = {secret, ""};
    return auth::sign_jwt(key, auth::encode_claims(claims));
  };
}

}  // namespace mizzen::apps
