#include "admission/chain/chain.h"

#include <algorithm>
#include <atomic>

#include "base/check.h"

namespace mizzen::admission {
namespace {

using Series = std::array<Histogram*, 4 * 2 * 2>;  // operation, phase, rejected

constexpr Operation kOperations[] = {Operation::Create, Operation::Update, Operation::Delete,
                                     Operation::Connect};

size_t slot(Operation operation, bool validating, bool rejected) {
  size_t at = 0;
  while (kOperations[at] != operation) ++at;
  return at * 4 + (validating ? 2 : 0) + (rejected ? 1 : 0);
}

Series make_series(Family<Histogram>& family, const std::string* plugin) {
  Series out{};
  for (const Operation operation : kOperations)
    for (const bool validating : {false, true})
      for (const bool rejected : {false, true}) {
        std::vector<std::string> labels = {std::string(operation_name(operation)),
                                           rejected ? "true" : "false", validating ? "validate" : "admit"};
        if (plugin) labels.insert(labels.begin(), *plugin);
        out[slot(operation, validating, rejected)] = &family.with(std::move(labels));
      }
  return out;
}

}  // namespace

/// One request's way through the chain.
struct Chain::Run {
  Run(Phase p, Attributes& a, Done d, Monotonic now)
      : phase(p), attributes(a), done(std::move(d)), began(now) {}
  const Phase phase;
  Attributes& attributes;
  const Done done;
  const Monotonic began;
  size_t next = 0;
  /// Set by whoever comes second of "the plug-in has returned Later" and "it has been resumed", who goes on.
  std::atomic<bool> met = false;
  std::optional<Result<void>> resumed;
  Monotonic asked{};
};

struct Chain::Counters {
  Series whole;
  std::vector<Series> plugins;
};

Chain::Chain(Deps deps, std::vector<std::unique_ptr<const Plugin>> plugins)
    : deps_(deps), plugins_(std::move(plugins)) {
  if (!deps_.metrics) return;
  const std::vector<double> buckets = {0.005, 0.025, 0.1, 0.5, 1, 2.5};
  auto& steps = deps_.metrics->histograms("apiserver_admission_step_admission_duration_seconds",
                                          "Time of all of admission for a request, in seconds.",
                                          {"operation", "rejected", "type"}, buckets);
  auto& parts = deps_.metrics->histograms("apiserver_admission_controller_admission_duration_seconds",
                                          "Time of one part of admission, in seconds.",
                                          {"name", "operation", "rejected", "type"}, buckets);
  counters_ = std::make_unique<Counters>();
  counters_->whole = make_series(steps, nullptr);
  for (const auto& plugin : plugins_) {
    const std::string name(plugin->name());
    counters_->plugins.push_back(make_series(parts, &name));
  }
}

Chain::~Chain() = default;

std::vector<std::string_view> Chain::names() const {
  std::vector<std::string_view> out;
  for (const auto& plugin : plugins_) out.push_back(plugin->name());
  return out;
}

void Chain::mutate(Attributes& attributes, Done done) const {
  start(Phase::Mutate, attributes, std::move(done));
}
void Chain::validate(const Attributes& attributes, Done done) const {
  start(Phase::Validate, const_cast<Attributes&>(attributes), std::move(done));
}

void Chain::start(Phase phase, Attributes& attributes, Done done) const {
  go_on(std::make_shared<Run>(phase, attributes, std::move(done), deps_.clock.monotonic()));
}

void Chain::record(const Run& run, size_t plugin, bool rejected, Monotonic since) const {
  if (!counters_) return;
  const Series& series = plugin < plugins_.size() ? counters_->plugins[plugin] : counters_->whole;
  const std::chrono::duration<double> took = deps_.clock.monotonic() - since;
  series[slot(run.attributes.operation, run.phase == Phase::Validate, rejected)]->observe(took.count());
}

void Chain::go_on(const std::shared_ptr<Run>& run) const {
  for (;;) {
    if (run->resumed) {
      const Result<void> result = *run->resumed;
      run->resumed.reset();
      record(*run, run->next, !result.ok(), run->asked);
      if (!result.ok()) {
        record(*run, plugins_.size(), true, run->began);
        return run->done(result);
      }
      ++run->next;
    }
    const auto wanted = [&](const std::unique_ptr<const Plugin>& plugin) {
      const auto interests = plugin->interests();
      return std::any_of(interests.begin(), interests.end(),
                         [&](const Interest& i) { return i.covers(run->attributes); });
    };
    while (run->next < plugins_.size() && !wanted(plugins_[run->next])) ++run->next;
    if (run->next == plugins_.size()) {
      record(*run, plugins_.size(), false, run->began);
      return run->done({});
    }
    if (!ask(run)) return;  // whoever resumes goes on
  }
}

bool Chain::ask(const std::shared_ptr<Run>& run) const {
  const Plugin& plugin = *plugins_[run->next];
  run->asked = deps_.clock.monotonic();
  run->met = false;
  const Plugin::Resume resume = [this, run](Result<void> result) {
    MZ_CHECK(!run->resumed, "a plug-in resumes once");
    run->resumed.emplace(std::move(result));
    if (run->met.exchange(true)) go_on(run);
  };
  Plugin::Answer answer = run->phase == Phase::Mutate ? plugin.mutate(run->attributes, resume)
                                                      : plugin.validate(run->attributes, resume);
  if (answer) {
    run->resumed = std::move(answer);
    return true;
  }
  return run->met.exchange(true);
}

}  // namespace mizzen::admission
