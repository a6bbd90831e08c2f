#include "controllers/objects/account_tokens/decide.h"

namespace mizzen::controllers::account_tokens {
namespace {

constexpr const char* kName = "kubernetes.io/service-account.name";
constexpr const char* kUid = "kubernetes.io/service-account.uid";

}  // namespace

std::string account_of(const Secret& secret) {
  return secret.type == kType ? secret.metadata.annotations.get(kName) : std::string();
}

bool belongs(const Secret& secret, const ServiceAccount& account) {
  const std::string* uid = secret.metadata.annotations.find(kUid);
  return !uid || uid->empty() || *uid == account.metadata.uid;
}

Result<std::optional<Secret>> filled(const Secret& secret, const ServiceAccount& account,
                                     const ClusterKeys& keys) {
  const auto lacks = [&](const char* key) { return secret.data.get(key).empty(); };
  const bool authority = !keys.root_ca_pem.empty() && secret.data.get("ca.crt") != keys.root_ca_pem;
  if (!authority && !lacks("namespace") && !lacks("token")) return std::optional<Secret>();
  Secret out = secret;
  if (authority) out.data.set("ca.crt", keys.root_ca_pem);
  if (lacks("namespace")) out.data.set("namespace", secret.metadata.namespace_);
  if (lacks("token")) {
    MZ_ASSIGN(std::string token, keys.sign_token(account, secret.metadata.name));
    out.data.set("token", std::move(token));
  }
  out.metadata.annotations.set(kName, account.metadata.name);
  out.metadata.annotations.set(kUid, account.metadata.uid);
  return std::optional(std::move(out));
}

}  // namespace mizzen::controllers::account_tokens
