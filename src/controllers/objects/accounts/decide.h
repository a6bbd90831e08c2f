#pragma once
#include <optional>
#include <string>

#include "api/schema/core/v1/config_map.h"
#include "api/schema/core/v1/namespace.h"
#include "api/schema/core/v1/service_account.h"

/// What every namespace must have: the account `default` and the cluster's certificate; pure.
namespace mizzen::controllers::accounts {

using api::core::v1::ConfigMap;
using api::core::v1::Namespace;
using api::core::v1::ServiceAccount;

inline constexpr const char* kRootCa = "kube-root-ca.crt";

/// False for a namespace that is being emptied.
bool wants_content(const Namespace& ns);
ServiceAccount default_account(const std::string& ns);
/// The ConfigMap with the certificate in it; nothing where it is right. `present` is null where there is
/// none. What users added to it stays.
std::optional<ConfigMap> corrected_root_ca(const ConfigMap* present, const std::string& ns,
                                           const std::string& root_ca_pem);

}  // namespace mizzen::controllers::accounts
