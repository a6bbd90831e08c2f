#pragma once
#include <array>
#include <memory>
#include <vector>

#include "admission/chain/plugin.h"
#include "base/random.h"
#include "telemetry/metrics.h"

namespace mizzen::admission {

/// Role: the plug-ins a request passes, in order. Kubernetes contract: all mutate, then, on the valid object,
/// all validate; the first refusal ends it. Place: one per API server; every write, deletion and session asks
/// it, whether it came over HTTP or from inside the process. Threading: thread-safe; immutable. A run goes on
/// in the thread that resumes it, so what a plug-in resumes from must be a thread that may evaluate requests.
/// Failure: the plug-in's error. Counts each plug-in's time under upstream's names where it has metrics.
class Chain {
 public:
  struct Deps {
    const Clock& clock;
    Random& random;
    Metrics* metrics = nullptr;  ///< null: nothing is counted
  };
  Chain(Deps deps, std::vector<std::unique_ptr<const Plugin>> plugins);
  ~Chain();

  using Done = std::function<void(Result<void>)>;
  /// `attributes` must stay where they are until `done` runs, which it does once: before this returns where
  /// no plug-in had to wait.
  void mutate(Attributes& attributes, Done done) const;
  void validate(const Attributes& attributes, Done done) const;
  /// Names in order.
  std::vector<std::string_view> names() const;

 private:
  enum class Phase : uint8_t { Mutate, Validate };
  struct Run;
  struct Counters;
  void start(Phase phase, Attributes& attributes, Done done) const;
  void go_on(const std::shared_ptr<Run>& run) const;
  /// True where the plug-in has answered already.
  bool ask(const std::shared_ptr<Run>& run) const;
  void record(const Run& run, size_t plugin, bool rejected, Monotonic since) const;

  const Deps deps_;
  const std::vector<std::unique_ptr<const Plugin>> plugins_;
  std::unique_ptr<Counters> counters_;
};

}  // namespace mizzen::admission
