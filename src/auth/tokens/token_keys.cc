#include "auth/tokens/token_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "codec/json/tree.h"

namespace mizzen::auth {
namespace {

bool has(const std::vector<std::string>& list, const std::string& wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

}  // namespace

bool TokenKeys::issued_by(const std::string& issuer) const { return has(issuers, issuer); }

bool TokenKeys::all_ours(const std::vector<std::string>& of) const {
  return std::all_of(of.begin(), of.end(), [&](const std::string& one) { return has(audiences, one); });
}

std::string openid_configuration(const TokenKeys& keys) {
  std::set<std::string> algorithms;
  for (const pki::VerifyingKey& key : keys.verifiers) algorithms.insert(key.algorithm());
  std::string listed;
  for (const std::string& algorithm : algorithms)
    listed += fmt::format("{}\"{}\"", listed.empty() ? "" : ",", algorithm);
  return fmt::format(R"({{"issuer":{},"jwks_uri":{},"response_types_supported":["id_token"],)"
                     R"("subject_types_supported":["public"],"id_token_signing_alg_values_supported":[{}]}})",
                     codec::Value::string(keys.issuer()).str(), codec::Value::string(keys.jwks_uri).str(),
                     listed);
}

std::string json_web_keys(const TokenKeys& keys) {
  std::string listed;
  for (const pki::VerifyingKey& key : keys.verifiers) listed += (listed.empty() ? "" : ",") + key.jwk();
  return fmt::format(R"({{"keys":[{}]}})", listed);
}

}  // namespace mizzen::auth
