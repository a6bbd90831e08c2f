#include "kubelet/runtime/runtime_health.h"

#include <fmt/format.h>

#include "codec/tables/values.h"

namespace mizzen::kubelet {
namespace {

constexpr Duration kDownAfter = std::chrono::seconds(30);
constexpr Duration kStatusTimeout = std::chrono::seconds(10);
constexpr Duration kListThreshold = std::chrono::minutes(3);  // upstream's relistThreshold

std::string condition_text(const cri::v1::RuntimeCondition& c) {
  return fmt::format("{}={} reason:{} message:{}", c.type, c.status, c.reason, c.message);
}

RuntimeHealth::Features features_of(const cri::v1::StatusResponse& answer) {
  RuntimeHealth::Features out;
  out.groups_policy = answer.features && answer.features->supplemental_groups_policy;
  out.handlers = answer.runtime_handlers;
  for (const auto& handler : answer.runtime_handlers) {
    if (!handler.name.empty() || !handler.features) continue;  // pods run on the default one
    out.recursive_read_only = handler.features->recursive_read_only_mounts;
    out.user_namespaces = handler.features->user_namespaces;
  }
  return out;
}

}  // namespace

void RuntimeHealth::ask() {
  const auto token = gate_.enter();
  if (!token) return;
  {
    Lock lock(m_);
    if (asking_) return;
    asking_ = true;
  }
  runtime_.status({}, {.deadline = Deadline::after(kStatusTimeout, clock_), .stop = stop_.token()},
                  [this, token](const auto& answer) { answered(answer); });
}

void RuntimeHealth::answered(const Result<cri::v1::StatusResponse>& answer) {
  std::string problem, network;
  if (!answer.ok()) {
    problem = answer.error().message();
  } else if (answer->status) {
    for (const auto& c : answer->status->conditions) {
      if (c.status) continue;
      if (c.type == "RuntimeReady") problem = "container runtime not ready: " + condition_text(c);
      if (c.type == "NetworkReady") network = condition_text(c);
    }
  }
  Lock lock(m_);
  asking_ = false;
  status_problem_ = problem;
  if (answer.ok()) {
    network_problem_ = network;
    features_ = features_of(*answer);
  }
  if (problem.empty()) last_good_ = clock_.monotonic();
}

std::string RuntimeHealth::runtime_problem(std::optional<Monotonic> listed_at) const {
  const auto now = clock_.monotonic();
  std::string runtime, list;
  {
    Lock lock(m_);
    if (!last_good_) {
      runtime = status_problem_;
    } else if (now - *last_good_ > kDownAfter) {
      runtime = "container runtime is down";
    }
  }
  if (!listed_at) {
    list = "PLEG is not healthy: pleg has yet to be successful";
  } else if (now - *listed_at > kListThreshold) {
    list = fmt::format("PLEG is not healthy: pleg was last seen active {} ago; threshold is {}",
                       codec::format_go_duration(Duration(now - *listed_at).count()),
                       codec::format_go_duration(kListThreshold.count()));
  }
  if (runtime.empty() || list.empty()) return runtime + list;
  return fmt::format("[{}, {}]", runtime, list);
}

std::string RuntimeHealth::network_problem() const {
  Lock lock(m_);
  return network_problem_;
}

std::optional<RuntimeHealth::Features> RuntimeHealth::features() const {
  Lock lock(m_);
  return features_;
}

void RuntimeHealth::stop() {
  stop_.stop();
  gate_.close();
}

}  // namespace mizzen::kubelet
