#include "apps/roles/scheduler_role.h"

namespace mizzen::apps {

SchedulerRole::SchedulerRole(Deps deps, std::optional<client::Elector::Options> election)
    : deps_(deps), led_(deps_.api, deps_.runtime, std::move(election), work()) {}

client::Led::Work SchedulerRole::work() {
  return {.begin = [this](client::ApiClient& api, Deadline deadline) -> Result<void> {
            scheduler_ = std::make_unique<scheduler::Scheduler>(
                scheduler::Scheduler::Deps{api, deps_.runtime, &deps_.metrics});
            return scheduler_->start(deadline);
          },
          .end =
              [this] {
                if (scheduler_) scheduler_->stop();
                scheduler_.reset();
              }};
}

}  // namespace mizzen::apps
