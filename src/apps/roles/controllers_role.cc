#include "apps/roles/controllers_role.h"

namespace mizzen::apps {

ControllersRole::ControllersRole(Deps deps, Options options)
    : deps_(deps), options_(std::move(options)), led_(deps_.api, deps_.runtime, options_.election, work()) {}

client::Led::Work ControllersRole::work() {
  return {.begin = [this](client::ApiClient& api, Deadline deadline) -> Result<void> {
            environment_ = std::make_unique<controllers::Environment>(
                controllers::Environment::Deps{api, deps_.resources, deps_.runtime, &deps_.metrics});
            controllers_ = controllers::make_controllers(*environment_, options_.keys, options_.controllers);
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

}  // namespace mizzen::apps
