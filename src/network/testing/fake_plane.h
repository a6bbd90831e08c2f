#pragma once
#include <functional>
#include <map>
#include <string>

#include "async/mutex.h"
#include "network/plan/data_plane.h"

namespace mizzen::network {

/// A data plane in memory: which pods are wired and which port leads where, and what was asked of it. Faults
/// are put in by `on_wire` and its like, which run without its lock. Threading: thread-safe.
class FakePlane final : public DataPlane {
 public:
  Result<void> wire(const NodeSettings& node, const PodAttachment& pod) override;
  Result<void> unwire(const PodAttachment& pod) override;
  Result<void> ensure_node(const NodeSettings& node) override;
  Result<void> publish(const NodePlan& plan) override;
  Result<bool> differs(const NodePlan& plan) override;
  Result<std::string> reconcile(const NodePlan& plan) override;
  Result<void> verify(const NodePlan& plan, const PodAttachment& pod) override;
  Result<void> remove(const NodePlan& plan) override;

  /// Container ids of wired pods by address, and addresses by "protocol/port".
  std::map<std::string, std::string> wired() const;
  std::map<std::string, std::string> ports() const;
  int publishes() const;
  /// As if somebody had taken it all away.
  void wipe();

  std::function<Result<void>(const PodAttachment&)> on_wire;
  std::function<Result<void>(const PodAttachment&)> on_unwire;
  std::function<Result<void>()> on_publish;
  std::function<Result<void>()> on_look;

 private:
  struct State {
    std::map<std::string, std::string> wired, ports;
    int publishes = 0;
    friend bool operator==(const State& a, const State& b) {
      return a.wired == b.wired && a.ports == b.ports;
    }
  };
  static State wanted(const NodePlan& plan);
  Guarded<State> state_;
};

}  // namespace mizzen::network
