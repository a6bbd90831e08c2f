#include "kubelet/state/runtime_watch.h"

#include <fmt/format.h>

#include "cri/blocking.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {
constexpr auto kDownAfter = std::chrono::seconds(30);
constexpr auto kStatusTimeout = std::chrono::seconds(10);

std::string condition_text(const cri::v1::RuntimeCondition& c) {
  return fmt::format("{}={} reason:{} message:{}", c.type, c.status, c.reason, c.message);
}
}  // namespace

void RuntimeWatch::look(const std::function<void(const std::string&, const PodSketch&)>& on_change) {
  auto now = sketch_pods(runtime_, clock_);
  if (!now.ok()) {
    log::verbose(2, "kubelet", "Cannot list containers", {log::kv("error", now.error().message())});
    return;
  }
  for (const auto& [uid, sketch] : *now) {
    const auto before = last_.find(uid);
    if (before == last_.end() || before->second != sketch) on_change(uid, sketch);
  }
  for (const auto& [uid, sketch] : last_) {
    if (!now->contains(uid)) on_change(uid, PodSketch{sketch.name, sketch.namespace_, ""});
  }
  last_ = std::move(*now);
  Lock lock(m_);
  shown_ = last_;
}

void RuntimeWatch::ask_status() {
  auto answer = cri::wait<&cri::Runtime::status>(runtime_, {}, Deadline::after(kStatusTimeout, clock_));
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
  status_problem_ = problem;
  network_problem_ = network;
  if (problem.empty()) {
    last_good_ = clock_.monotonic();
    ever_good_ = true;
  }
}

std::string RuntimeWatch::runtime_problem() const {
  Lock lock(m_);
  if (status_problem_.empty()) return {};
  if (!ever_good_) return status_problem_;
  return clock_.monotonic() - last_good_ > kDownAfter ? "container runtime is down" : "";
}

std::string RuntimeWatch::network_problem() const {
  Lock lock(m_);
  return network_problem_;
}

Sketches RuntimeWatch::pods() const {
  Lock lock(m_);
  return shown_;
}

}  // namespace mizzen::kubelet
