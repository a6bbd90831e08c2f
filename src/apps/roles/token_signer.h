#pragma once
#include "controllers/framework/environment.h"
#include "pki/signing_key.h"

namespace mizzen::apps {

/// Signs tokens that stand in Secrets and do not expire, as upstream's controller manager does with
/// --service-account-private-key-file. Threading: thread-safe.
decltype(controllers::ClusterKeys::sign_token) secret_token_signer(pki::SigningKey key);

}  // namespace mizzen::apps
