#pragma once
#include <map>
#include <memory>
#include <string>

#include "kubelet/decide/volume_plan.h"
#include "kubelet/work/operations/node_world.h"

namespace mizzen::kubelet {

/// Role: the volumes of one pod: what its spec wants against what stands (decide/volume_plan.h), and the
/// tries to make the one the other. Each volume succeeds or fails alone; a refresh that fails stops nothing.
/// Truth: derived: what stands is on the disk, and looked at after each try. Threading: on the pod's lane;
/// the disk is touched elsewhere (world.disk), one try of a pod at a time. Lifecycle: kept by whoever waits
/// for a try.
class PodVolumes : public std::enable_shared_from_this<PodVolumes> {
 public:
  PodVolumes(NodeWorld& world, std::shared_ptr<Executor> lane) : world_(world), lane_(std::move(lane)) {}

  struct Look {
    bool ready;      ///< all stand
    Monotonic next;  ///< when to look again
  };
  /// Begins what is due; `ended` is told on the lane when that has ended.
  Look look(const std::shared_ptr<const Pod>& pod, std::function<void()> ended);
  /// What config maps and secrets say changed: what shows them is due.
  void objects_changed(const Pod& pod);
  /// The spec changed: what failed may be mended.
  void try_again();
  bool is_under_way() const { return under_way_; }

 private:
  struct Tried {
    Result<void> result;
    bool stands = false;
  };
  using Tries = std::map<std::string, Tried>;
  Tries set_up(const Pod& pod, const std::vector<std::string>& names) const;
  void take(const Pod& pod, const Tries& tries);

  NodeWorld& world_;
  const std::shared_ptr<Executor> lane_;
  VolumeStates actual_;
  bool under_way_ = false;
  bool changed_meanwhile_ = false;
};

}  // namespace mizzen::kubelet
