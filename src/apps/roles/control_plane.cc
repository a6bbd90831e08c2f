#include "apps/roles/control_plane.h"

#include "apps/roles/token_signer.h"

namespace mizzen::apps {
namespace {

std::optional<client::Elector::Options> election(const std::optional<client::ElectionTimes>& times,
                                                 const char* lease) {
  if (!times) return std::nullopt;
  client::Elector::Options out;
  out.lease = lease;
  out.identity = election_identity();
  out.times = *times;
  return out;
}

}  // namespace

ControlPlane::ControlPlane(apiserver::ApiServer& server, Metrics& metrics, Options options)
    : work_("controller"),
      api_(server.loopback({"system:kube-controller-manager", {}})),
      scheduler_api_(server.loopback({"system:kube-scheduler", {}})),
      controllers_({api_, server.core().resources(), work_.runtime(), metrics},
                   {std::move(options.controllers),
                    {server.authority().certificate_pem(), secret_token_signer(server.token_signer())},
                    election(options.election, "kube-controller-manager")}),
      scheduler_({scheduler_api_, work_.runtime(), metrics}, election(options.election, "kube-scheduler")) {}

Result<void> ControlPlane::start(Deadline deadline) {
  MZ_TRY(controllers_.start(deadline));
  return scheduler_.start(deadline);
}

void ControlPlane::stop() {
  scheduler_.stop();
  controllers_.stop();
  work_.stop();
}

}  // namespace mizzen::apps
