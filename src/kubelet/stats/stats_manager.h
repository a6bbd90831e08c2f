#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "async/mutex.h"
#include "cri/runtime.h"
#include "kubelet/runtime/runtime_cache.h"
#include "kubelet/stats/disk_looks.h"
#include "kubelet/stats/gauges.h"
#include "kubelet/stats/stats_build.h"

namespace mizzen::kubelet {

/// Role: how much the node, its pods, their containers, volumes and logs use, as upstream's summary. Place:
/// read by the node's server and by what evicts; ticked by the kubelet's housekeeping. Truth: read when
/// asked; what stands in folders is as old as its `time` (DiskLooks), and is looked at only while somebody
/// needs it: a pod has a limit of storage, or somebody wanted all in the last kAskedFor. Kubernetes contract:
/// stats/v1alpha1, without accelerators, pressure stalls (psi, io), the system containers kubelet, runtime
/// and misc, and volumes other than emptyDirs. Threading: thread-safe; read() reads files, and may wait for
/// the runtime: never on the kubelet's loop or in a pod's turn. Failure: what cannot be read is left out.
class StatsManager {
 public:
  struct Deps {
    Gauges& gauges;
    cri::Runtime& runtime;
    const RuntimeCache& cache;
    DiskLooks& looks;
    const Clock& clock;
    std::function<std::vector<std::shared_ptr<const Pod>>()> pods;
    std::function<std::string(const std::string& uid)> pod_folder;
  };
  struct Options {
    std::string node_name;
    std::string data_folder;
    std::string logs_folder;
    std::string cgroup_root = "/kubepods";
  };
  /// How much is read: what may run short on the node, with what its pods store in folders, or everything (of
  /// the node, too: a node has an interface for each pod).
  enum class Depth : uint8_t { Node, Folders, All };
  StatsManager(Deps deps, Options options) : deps_(std::move(deps)), options_(std::move(options)) {}

  /// At least this deep, and younger than `age_max`.
  std::shared_ptr<const Summary> read(Depth depth, Duration age_max);
  /// Folders of all pods are looked at for a while: the next read()s have more of them.
  void want_all();
  /// True where images and containers have a file system that is not the node's; false until that is known.
  bool has_image_disk() const;
  /// Says what has to be looked at, and begins what is due.
  void tick();

  static constexpr Duration kAskedFor = std::chrono::minutes(5);

 private:
  struct Told;  // by the runtime
  stats::v1alpha1::NodeStats node_stats(Depth depth, WallTime at) MZ_REQUIRES(reading_);
  void ask_for_image_disk();
  std::vector<PodStats> pods_stats(Depth depth, WallTime at) MZ_REQUIRES(reading_);
  PodReadings readings(const Pod& pod, const RuntimePod& state, Depth depth, const Told& told, WallTime at)
      MZ_REQUIRES(reading_);
  std::optional<CpuReading> cpu(const std::string& key, std::optional<uint64_t> total_ns)
      MZ_REQUIRES(reading_);
  Told ask_for_containers();
  std::string volume_folder(const Pod& pod, const std::string& name) const;
  std::string log_folder(const Pod& pod, const std::string& container) const;

  struct Sample {
    CpuReading reading;
    Monotonic at;
    bool used = true;  ///< in this reading
  };
  const Deps deps_;
  const Options options_;
  Mutex reading_;  ///< one reads, others wait for it and take what it read
  std::map<std::string, Sample> samples_ MZ_GUARDED_BY(reading_);  ///< by group
  mutable Mutex m_;
  std::shared_ptr<const Summary> last_ MZ_GUARDED_BY(m_);
  Depth depth_ MZ_GUARDED_BY(m_) = Depth::Node;
  Monotonic read_at_ MZ_GUARDED_BY(m_){};
  std::optional<Monotonic> wanted_ MZ_GUARDED_BY(m_);  ///< all, last
  std::string image_folder_ MZ_GUARDED_BY(m_);         ///< where images stand; empty: not known
  std::optional<uint64_t> image_bytes_ MZ_GUARDED_BY(m_);
  std::optional<Monotonic> image_asked_ MZ_GUARDED_BY(m_);
  bool image_disk_ MZ_GUARDED_BY(m_) = false;
};

}  // namespace mizzen::kubelet
