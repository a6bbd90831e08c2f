#pragma once
#include <optional>
#include <string>

#include "api/schema/core/v1/secret.h"
#include "api/schema/core/v1/service_account.h"
#include "base/result.h"
#include "controllers/framework/environment.h"

/// Tokens that stand in Secrets, for those who ask for one; pure.
namespace mizzen::controllers::account_tokens {

using api::core::v1::Secret;
using api::core::v1::ServiceAccount;

inline constexpr const char* kType = "kubernetes.io/service-account-token";

/// The account whose token the secret is to hold; empty where it is none of those.
std::string account_of(const Secret& secret);
/// False where the secret is another account's: one of the same name that has gone.
bool belongs(const Secret& secret, const ServiceAccount& account);

/// The secret with what it lacks: token, certificate, namespace; nothing where it has all. What users put
/// into it stays. Errors: the signer's.
Result<std::optional<Secret>> filled(const Secret& secret, const ServiceAccount& account,
                                     const ClusterKeys& keys);

}  // namespace mizzen::controllers::account_tokens
