#include "apps/roles/issued_identity.h"

#include "pki/keystore.h"

namespace mizzen::apps {
namespace {
constexpr const char* kName = "kubelet";
}

Result<void> IssuedIdentity::open(const NodeOptions& node) {
  const std::string folder = node.data_dir + "/pki", name = node.name(), address = node.address();
  pki::CertificateRequest request;
  request.common_name = "system:node:" + name;
  request.organisations = {"system:nodes"};
  request.dns_names = {name, "localhost"};
  request.ip_addresses = {address};
  if (address != "127.0.0.1") request.ip_addresses.emplace_back("127.0.0.1");
  request.server = true;
  MZ_ASSIGN(auto first, pki::ensure_issued(authority_, folder, kName, request, runtime_.clock.wall()));
  renewed_.emplace(runtime_,
                   pki::RenewedPair::Options{"kubelet serving",
                                             [this, folder, request] {
                                               return pki::issue_and_save(authority_, folder, kName, request,
                                                                          runtime_.clock.wall());
                                             }},
                   std::move(first));
  renewed_->start();
  return {};
}

void IssuedIdentity::stop() {
  if (renewed_) renewed_->stop();
}

}  // namespace mizzen::apps
