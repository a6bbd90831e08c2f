#include "controllers/objects/accounts/decide.h"

namespace mizzen::controllers::accounts {

bool wants_content(const Namespace& ns) {
  return !ns.metadata.deletionTimestamp && ns.status.phase != "Terminating";
}

ServiceAccount default_account(const std::string& ns) {
  ServiceAccount account;
  account.metadata.name = "default";
  account.metadata.namespace_ = ns;
  return account;
}

std::optional<ConfigMap> corrected_root_ca(const ConfigMap* present, const std::string& ns,
                                           const std::string& root_ca_pem) {
  if (present && present->data.get("ca.crt") == root_ca_pem) return std::nullopt;
  ConfigMap map = present ? *present : ConfigMap();
  map.metadata.name = kRootCa;
  map.metadata.namespace_ = ns;
  map.metadata.annotations.set("kubernetes.io/description",
                               "Contains a CA bundle that can be used to verify the kube-apiserver when "
                               "using internal endpoints such as the internal service "
                               "IP or kubernetes.default.svc. No other usage is guaranteed across "
                               "distributions of Kubernetes clusters.");
  map.data.set("ca.crt", root_ca_pem);
  return map;
}

}  // namespace mizzen::controllers::accounts
