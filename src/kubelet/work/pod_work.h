#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "kubelet/decide/under_way.h"
#include "kubelet/work/operations/make_sandbox.h"
#include "kubelet/work/operations/remove_pod.h"
#include "kubelet/work/operations/reset_containers.h"
#include "kubelet/work/operations/start_container.h"
#include "kubelet/work/operations/terminator.h"
#include "kubelet/work/pod_volumes.h"

namespace mizzen::kubelet {

using Failures = std::map<std::string, StartFailure>;  ///< by container name

/// Why a pod ends that its source still wants: eviction, preemption, its deadline.
struct PodEnd {
  std::string phase = "Failed";
  std::string reason;
  std::string message;
  std::optional<int64_t> grace_s = {};  ///< none: the pod's own
  std::string disruption = {};  ///< it ends for others' sake: the reason of its condition DisruptionTarget
};

/// Role: one pod on this node, from the first sight of it until nothing of it is left: a state machine whose
/// turns observe, publish, decide and act. What takes long is an operation that tells it later; a turn never
/// waits. Place: made by PodWorkers. Truth: derived: what is wanted is the source's, what is so is the
/// runtime's (RuntimeCache); after a restart both are read again. Invariants: I1 a pod that began to end
/// never starts a container again. I2 at most one operation works on a container, and one on the sandbox. I3
/// a terminal phase is published only once no container runs. Threading: what is public is thread-safe; turns
/// come one at a time on the pod's lane. Lifecycle: stop() ends operations without undoing what they did;
/// the world's gate says when the last is told. Failure: whatever failed is tried again after a pause.
class PodWork : public std::enable_shared_from_this<PodWork> {
 public:
  /// Asked before anything is done for a pod that awaits_admission(): sets its verdict.
  using Admit = std::function<void(PodWork&)>;
  using Forgotten = std::function<void(const std::string& uid)>;
  PodWork(NodeWorld& world, std::shared_ptr<const Pod> pod, Admit admit, Forgotten forgotten);

  /// The pod as its source has it now.
  void update(std::shared_ptr<const Pod> pod);
  /// Its source has it no more.
  void gone();
  /// It ends here; the first reason counts, later ones may only shorten its grace period.
  void end(PodEnd end);
  /// Something happened: a turn comes soon.
  void kick();
  /// A config map or secret that it names, or its token, changed: volumes are refreshed with the next turn.
  void refresh();
  void stop();

  std::shared_ptr<const Pod> pod() const;
  bool is_gone() const;
  /// Counts against what the node can run: admitted and not over, or found running and not looked at yet.
  bool is_active() const;
  /// Nothing was decided about it, and the runtime has nothing of it: the node may refuse it.
  bool awaits_admission() const;
  /// The node's verdict: none means that it is welcome. Once.
  void set_verdict(std::optional<PodEnd> refusal);
  std::optional<PodEnd> refusal() const;

 private:
  enum class Stage : uint8_t { New, Running, Ending, Over };
  struct Wanted {  // what others said, as of the beginning of a turn
    std::shared_ptr<const Pod> pod;
    bool gone = false;
    std::optional<PodEnd> end;
  };

  void post_turn();
  void turn();
  void take(const Wanted& wanted);
  bool resolve_doubt();
  void run(const RuntimePod& state);
  bool admitted(const RuntimePod& state);
  bool ends();
  void check_deadline();
  void begin_end();
  void end_step();
  void over_step();
  void finish_end(const RuntimePod& state);
  void released(const Result<void>& result);
  void removed(const Result<void>& result);

  RuntimePod shown(const RuntimePod& state) const;
  PodStatus make_status(const RuntimePod& state, bool terminating);
  std::map<std::string, std::string> termination_messages(const RuntimePod& state);
  void publish(PodStatus status, const RuntimePod& state);
  PodStatus published() const;

  bool objects_ready();
  bool volumes_ready();
  bool network_ready();
  void act(const NextSteps& steps, const RuntimePod& state);
  void take_down(const RuntimePod& state, int64_t grace_s);
  void make_sandbox(const RuntimePod& state, uint32_t attempt);
  void reset(const RuntimePod& state, const std::vector<ContainerReset>& resets);
  void kill(const RuntimePod& state, const ContainerKill& kill);
  void start(const RuntimePod& state, const std::string& container, const Placed& placed);
  void started(const std::string& container, StartContainer::Outcome outcome);
  bool in_restart_backoff(const Container& container, const ContainerRecord& newest);
  UnderWay under_way() const;

  std::string backoff_key(const Container& container) const;
  Monotonic finished_at(const ContainerRecord& record) const;
  void again_at(Monotonic when);
  void again_in(Duration wait);
  void set_alarm();
  RuntimeCache::PodName name() const;

  NodeWorld& world_;
  const Admit admit_;
  const Forgotten forgotten_;
  const std::shared_ptr<Executor> lane_;
  std::atomic<bool> kicked_ = false;
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> stale_ = false;  ///< objects changed since volumes were refreshed
  std::atomic<bool> active_ = false;
  std::atomic<bool> fresh_ = true;  ///< no turn has decided about it

  mutable Mutex m_;
  Wanted wanted_ MZ_GUARDED_BY(m_);
  bool judged_ MZ_GUARDED_BY(m_) = false;
  std::optional<PodEnd> refusal_ MZ_GUARDED_BY(m_);

  // Only on the lane:
  std::shared_ptr<const Pod> pod_;
  bool gone_ = false;
  std::optional<PodEnd> end_;
  Stage stage_ = Stage::New;
  int64_t grace_s_ = 0;  ///< once it ends; only shrinks
  bool in_doubt_ = false;
  bool looking_ = false;
  std::shared_ptr<MakeSandbox> making_sandbox_;
  std::shared_ptr<Terminator> terminator_;
  std::shared_ptr<ResetContainers> resetting_;
  std::shared_ptr<RemovePod> removing_;
  std::map<std::string, std::shared_ptr<StartContainer>> starting_;  ///< by container name
  std::map<std::string, std::shared_ptr<StopContainer>> stopping_;   ///< by container id
  Failures failures_;
  /// What failed is not tried before: by container name, or one of these, which no container is called.
  std::map<std::string, Monotonic> retry_at_;
  static constexpr const char* kSandbox = "/sandbox";
  static constexpr const char* kTakeDown = "/take-down";
  std::map<std::string, Monotonic> backoff_told_;
  std::map<std::string, std::string> messages_;  ///< termination messages by container id
  const std::shared_ptr<PodVolumes> volumes_;
  bool releasing_ = false;
  std::optional<Monotonic> objects_asked_;  ///< since when they are waited for
  Monotonic next_ = Monotonic::max();
  Alarms::Id alarm_ = 0;
};

}  // namespace mizzen::kubelet
