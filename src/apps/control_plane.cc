#include "apps/control_plane.h"

namespace mizzen::apps {

ControlPlane::ControlPlane(apiserver::ApiServer& server, Metrics& metrics,
                           controllers::ControllerOptions options)
    : server_(server),
      metrics_(metrics),
      options_(options),
      executor_(real_clock(), {.name = "controller", .threads_max = 16, .queue_max = 100'000}),
      timers_(executor_, real_clock()),
      runtime_{real_clock(), secure_random(), executor_, timers_},
      api_(server.loopback({"system:kube-controller-manager", {}})),
      scheduler_api_(server.loopback({"system:kube-scheduler", {}})) {}

Result<void> ControlPlane::start(Deadline deadline) {
  environment_ = std::make_unique<controllers::Environment>(
      controllers::Environment::Deps{api_, server_.core().resources(), runtime_, &metrics_});
  controllers_ =
      controllers::make_controllers(*environment_, server_.authority().certificate_pem(), options_);
  if (!environment_->start(deadline))
    return Error(Code::Timeout, "controllers did not see the cluster in time");
  for (const auto& controller : controllers_) controller->start();
  scheduler_ =
      std::make_unique<scheduler::Scheduler>(scheduler::Scheduler::Deps{scheduler_api_, runtime_, &metrics_});
  return scheduler_->start(deadline);
}

void ControlPlane::stop() {
  if (scheduler_) scheduler_->stop();
  for (auto it = controllers_.rbegin(); it != controllers_.rend(); ++it) (*it)->stop();
  if (environment_) environment_->stop();
  timers_.stop();
  executor_.stop();
  scheduler_.reset();
  controllers_.clear();
  environment_.reset();
}

}  // namespace mizzen::apps
