#include "apps/control_plane.h"

#include "linux/files/system_info.h"

namespace mizzen::apps {

ControlPlane::ControlPlane(apiserver::ApiServer& server, Metrics& metrics, Options options)
    : server_(server),
      metrics_(metrics),
      options_(std::move(options)),
      executor_(real_clock(), {.name = "controller", .threads_max = 16, .queue_max = 100'000}),
      timers_(executor_, real_clock()),
      runtime_{real_clock(), secure_random(), executor_, timers_},
      api_(server.loopback({"system:kube-controller-manager", {}})),
      scheduler_api_(server.loopback({"system:kube-scheduler", {}})),
      controlled_(api_, runtime_, election("kube-controller-manager"), controlling()),
      scheduled_(scheduler_api_, runtime_, election("kube-scheduler"), scheduling()) {}

std::optional<client::Elector::Options> ControlPlane::election(const char* lease) const {
  if (!options_.election) return std::nullopt;
  client::Elector::Options out;
  out.lease = lease;
  out.identity = linux::system_info().hostname + "_" + uuid(secure_random());
  out.times = *options_.election;
  return out;
}

client::Led::Work ControlPlane::controlling() {
  return {.begin = [this](client::ApiClient& api, Deadline deadline) -> Result<void> {
            environment_ = std::make_unique<controllers::Environment>(
                controllers::Environment::Deps{api, server_.core().resources(), runtime_, &metrics_});
            controllers_ = controllers::make_controllers(*environment_, server_.authority().certificate_pem(),
                                                         options_.controllers);
            if (!environment_->start(deadline))
              return Error(Code::Timeout, "controllers did not see the cluster in time");
            for (const auto& controller : controllers_) controller->start();
            return {};
          },
          .end =
              [this] {
                for (auto it = controllers_.rbegin(); it != controllers_.rend(); ++it) (*it)->stop();
                if (environment_) environment_->stop();
                controllers_.clear();
                environment_.reset();
              }};
}

client::Led::Work ControlPlane::scheduling() {
  return {.begin = [this](client::ApiClient& api, Deadline deadline) -> Result<void> {
            scheduler_ =
                std::make_unique<scheduler::Scheduler>(scheduler::Scheduler::Deps{api, runtime_, &metrics_});
            return scheduler_->start(deadline);
          },
          .end =
              [this] {
                if (scheduler_) scheduler_->stop();
                scheduler_.reset();
              }};
}

Result<void> ControlPlane::start(Deadline deadline) {
  MZ_TRY(controlled_.start(deadline));
  return scheduled_.start(deadline);
}

void ControlPlane::stop() {
  scheduled_.stop();
  controlled_.stop();
  timers_.stop();
  executor_.stop();
}

}  // namespace mizzen::apps
