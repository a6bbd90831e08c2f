#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "async/executor.h"
#include "async/mutex.h"
#include "async/timers.h"
#include "cri/runtime.h"

namespace mizzen::cri {

/// A runtime in memory for tests of what drives one: sandboxes and containers with their states, images by
/// name. Does not model: networks (addresses are made up), mounts, logs, processes, streaming, resource use.
/// An exec gives what the test told it to give. A container runs until exit_container() or a stop. A call is
/// carried out when its turn comes on the executor; one that is held is carried out when it is released, or
/// never, where its caller's stop or deadline came first. Threading: thread-safe. Lifecycle: the executor has
/// stopped before it goes.
class FakeRuntime final : public Runtime {
 public:
  FakeRuntime(const Clock& clock, Executor& executor) : clock_(clock), executor_(executor) {}

#define MZ_CRI_DECLARE(service, wire, name) \
  void name(const v1::wire##Request& request, const Call& call, Done<v1::wire##Response> done) override;
  MZ_CRI_CALLS(MZ_CRI_DECLARE)
#undef MZ_CRI_DECLARE

  /// What becomes of a call: how late it is carried out, whether not at all, whether its caller never hears.
  struct Trouble {
    Duration delay{};
    bool refuse = false;
    bool lose = false;
  };
  /// Before any call. `timers` delay; they have stopped before this goes.
  void set_trouble(Timers& timers, std::function<Trouble(const std::string& call)> draw);
  /// Pods get addresses of this /24 ("10.42.3."); one that was given back is the last to be given again.
  void set_pod_network(std::string prefix);
  /// Every image can be pulled.
  void offer_all_images();
  /// Calls of this wire name are not carried out before release(); new ones wait too.
  void hold(const std::string& call);
  void release(const std::string& call);
  /// How many are held.
  size_t held(const std::string& call) const;
  /// Times that a call of this wire name came, held ones too.
  size_t count(const std::string& call) const;
  /// The container's process ends by itself.
  void exit_container(const std::string& id, int32_t code, const std::string& reason = {});
  /// The pause process dies.
  void kill_sandbox(const std::string& id);
  /// What Status tells beside its conditions.
  void offer_features(std::vector<v1::RuntimeHandler> handlers, v1::RuntimeFeatures features);
  /// What ListContainerStats and ImageFsInfo answer.
  void offer_stats(v1::ListContainerStatsResponse stats);
  void offer_image_disk(v1::ImageFsInfoResponse disk);
  /// The image can be pulled; without it PullImage says NotFound.
  void offer_image(const std::string& name);
  /// The image is on the node already.
  void add_image(const std::string& name);
  /// The next call of this wire name fails with the error; queued per name.
  void fail_next(const std::string& call, Error error);
  /// The next call of this wire name is carried out, and its caller told the error.
  void lose_answer(const std::string& call, Error error);
  /// The caller dies with its `n`-th call from now that changes something: that call is carried out, and
  /// nobody is told of it, nor of anything later, before revive(). 0: never.
  void die_with_change(uint64_t n);
  bool is_dead() const;
  /// Its next life calls again; what the last one had under way stays untold.
  void revive();
  using ExecHandler = std::function<Result<v1::ExecSyncResponse>(const v1::ExecSyncRequest&)>;
  void on_exec(ExecHandler handler);

  /// Wire names in the order they came, reads (List*, *Status, Version) left out.
  std::vector<std::string> changes() const;
  std::vector<v1::PodSandboxStatus> sandboxes() const;
  std::vector<v1::ContainerStatus> containers() const;
  /// What the container was created with; empty where unknown.
  v1::ContainerConfig container_config(const std::string& id) const;
  v1::PodSandboxConfig sandbox_config(const std::string& id) const;
  /// The newest container of this name that is not removed; empty where there is none.
  std::string container_id(const std::string& name) const;

 private:
  struct Sandbox {
    v1::PodSandboxConfig config;
    v1::PodSandboxStatus status;
  };
  struct Container {
    std::string sandbox;
    v1::ContainerConfig config;
    v1::ContainerStatus status;
  };
  struct Held {
    Call call;
    std::shared_ptr<void> on_stop;
    std::function<void(std::optional<Error> instead)> go;
  };
  template <typename Response>
  void take(const char* name, const Call& call, std::function<Result<Response>()> work, Done<Response> done);
  void wait_for_release(const std::string& name, const Call& call,
                        std::function<void(std::optional<Error>)> go);
  void cut(uint64_t id);
  std::optional<Error> lost_answer(const std::string& call);
#define MZ_CRI_DECLARE(service, wire, name) \
  Result<v1::wire##Response> do_##name(const v1::wire##Request& request);
  MZ_CRI_CALLS(MZ_CRI_DECLARE)
#undef MZ_CRI_DECLARE
  int64_t now() const { return clock_.wall().time_since_epoch().count(); }
  Result<void> enter(const std::string& call, bool change) MZ_REQUIRES(m_);
  std::string next_id() MZ_REQUIRES(m_);
  void finish(Container& c, int32_t code, const std::string& reason) MZ_REQUIRES(m_);

  std::string free_address() MZ_REQUIRES(m_);

  const Clock& clock_;
  Executor& executor_;
  Timers* timers_ = nullptr;
  std::function<Trouble(const std::string&)> trouble_;
  mutable Mutex m_;
  std::set<std::string> holds_ MZ_GUARDED_BY(m_);
  std::map<uint64_t, std::pair<std::string, Held>> held_ MZ_GUARDED_BY(m_);
  std::map<std::string, size_t> counts_ MZ_GUARDED_BY(m_);
  uint64_t holds_made_ MZ_GUARDED_BY(m_) = 0;
  uint64_t dies_with_ MZ_GUARDED_BY(m_) = 0;  ///< so many changes are left
  bool dead_ MZ_GUARDED_BY(m_) = false;
  std::map<std::string, Sandbox> sandboxes_ MZ_GUARDED_BY(m_);
  std::map<std::string, Container> containers_ MZ_GUARDED_BY(m_);
  std::vector<v1::RuntimeHandler> handlers_ MZ_GUARDED_BY(m_);
  std::optional<v1::RuntimeFeatures> features_ MZ_GUARDED_BY(m_);
  v1::ListContainerStatsResponse stats_ MZ_GUARDED_BY(m_);
  v1::ImageFsInfoResponse image_disk_ MZ_GUARDED_BY(m_);
  std::set<std::string> offered_ MZ_GUARDED_BY(m_);
  bool offers_all_ MZ_GUARDED_BY(m_) = false;
  std::string network_ MZ_GUARDED_BY(m_) = "10.42.0.";
  int last_host_ MZ_GUARDED_BY(m_) = 1;
  std::map<std::string, v1::Image> images_ MZ_GUARDED_BY(m_);
  std::map<std::string, std::deque<Error>> failures_ MZ_GUARDED_BY(m_);
  std::map<std::string, std::deque<Error>> lost_ MZ_GUARDED_BY(m_);
  std::vector<std::string> changes_ MZ_GUARDED_BY(m_);
  ExecHandler exec_ MZ_GUARDED_BY(m_);
  uint64_t ids_ MZ_GUARDED_BY(m_) = 0;
};

}  // namespace mizzen::cri
