#include "kubelet/stats/resource_metrics.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace mizzen::kubelet {
namespace {

/// Lines of metrics, those of one name together.
class Metrics {
 public:
  using Labels = std::vector<std::pair<const char*, std::string>>;
  void declare(const char* name, const char* type, const char* help) {
    auto& lines = families_.emplace_back(name, std::string()).second;
    lines = fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
    heads_.push_back(lines.size());
  }
  /// Names of pods and containers need no quoting.
  void add(std::string_view name, const Labels& labels, double value, const codec::Time& at) {
    std::string shown;
    for (const auto& [label, text] : labels)
      shown += fmt::format("{}{}=\"{}\"", shown.empty() ? "" : ",", label, text);
    if (!shown.empty()) shown = "{" + shown + "}";
    for (auto& [family, lines] : families_)
      if (family == name) lines += fmt::format("{}{} {}{}\n", name, shown, value, time_text(at));
  }
  std::string text() const {
    std::string out;
    for (size_t i = 0; i < families_.size(); ++i)
      if (families_[i].second.size() > heads_[i]) out += families_[i].second;
    return out;
  }

 private:
  static std::string time_text(const codec::Time& at) {
    return at.is_set() ? fmt::format(" {}", at.seconds * 1000 + at.nanos / 1'000'000) : std::string();
  }
  std::vector<std::pair<std::string_view, std::string>> families_;
  std::vector<size_t> heads_;
};

/// CPU, memory and swap of a node, pod or container.
void add_use(Metrics& out, const std::string& prefix, const Metrics::Labels& labels, const auto& stats) {
  if (stats.cpu && stats.cpu->usageCoreNanoSeconds)
    out.add(prefix + "_cpu_usage_seconds_total", labels,
            static_cast<double>(*stats.cpu->usageCoreNanoSeconds) / 1e9, stats.cpu->time);
  if (stats.memory && stats.memory->workingSetBytes)
    out.add(prefix + "_memory_working_set_bytes", labels, static_cast<double>(*stats.memory->workingSetBytes),
            stats.memory->time);
  if (stats.swap && stats.swap->swapUsageBytes)
    out.add(prefix + "_swap_usage_bytes", labels, static_cast<double>(*stats.swap->swapUsageBytes),
            stats.swap->time);
}

}  // namespace

std::string resource_metrics(const stats::v1alpha1::Summary& summary) {
  Metrics out;
  out.declare("container_cpu_usage_seconds_total", "counter", "Processor time of the container");
  out.declare("container_memory_working_set_bytes", "gauge",
              "Memory of the container that cannot be dropped");
  out.declare("container_start_time_seconds", "gauge", "When the container started, since 1970");
  out.declare("container_swap_usage_bytes", "gauge", "Swap space of the container");
  out.declare("node_cpu_usage_seconds_total", "counter", "Processor time of the node");
  out.declare("node_memory_working_set_bytes", "gauge", "Memory of the node that cannot be dropped");
  out.declare("node_swap_usage_bytes", "gauge", "Swap space of the node");
  out.declare("pod_cpu_usage_seconds_total", "counter", "Processor time of the pod");
  out.declare("pod_memory_working_set_bytes", "gauge", "Memory of the pod that cannot be dropped");
  out.declare("pod_swap_usage_bytes", "gauge", "Swap space of the pod");
  out.declare("resource_scrape_error", "gauge", "1 where the use of resources could not be read");
  add_use(out, "node", {}, summary.node);
  for (const auto& pod : summary.pods) {
    add_use(out, "pod", {{"namespace", pod.podRef.namespace_}, {"pod", pod.podRef.name}}, pod);
    for (const auto& c : pod.containers) {
      const Metrics::Labels labels = {
          {"container", c.name}, {"namespace", pod.podRef.namespace_}, {"pod", pod.podRef.name}};
      add_use(out, "container", labels, c);
      if (c.startTime.is_set())
        out.add("container_start_time_seconds", labels, static_cast<double>(c.startTime.seconds), {});
    }
  }
  out.add("resource_scrape_error", {}, 0, {});
  return out.text();
}

}  // namespace mizzen::kubelet
