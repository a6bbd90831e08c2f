#pragma once
#include <memory>
#include <string>

#include "async/mutex.h"
#include "async/stop.h"
#include "async/thread.h"
#include "base/clock.h"
#include "base/result.h"
#include "cri/aftermath.h"
#include "linux/process/supervisor.h"

namespace mizzen::cri {

/// The image name under which the pause program built with Mizzen is imported.
inline constexpr const char* kPauseImage = "mizzen.local/pause:1";

/// Where a containerd of our own lives and how it is set up.
struct ContainerdOptions {
  std::string data_folder;  ///< root, state, socket, configuration, log, pid file: everything
  std::string cni_conf_folder;
  std::string cni_bin_folder;
  std::string sandbox_image = kPauseImage;
  std::string registry_hosts_folder;  ///< hosts.toml files of mirrors; empty: data_folder/certs.d
  std::string program = "containerd";
  std::string runtime;  ///< runc or crun; empty: what this machine can do best
};

/// What the machine allows, as far as the configuration depends on it.
struct MachineFacts {
  bool may_lower_oom_score = true;  ///< CAP_SYS_RESOURCE
  bool apparmor = false;
  std::string runtime_name;  ///< runc or crun
  std::string runtime_path;
};
/// NotFound where neither runc nor crun is there.
Result<MachineFacts> machine_facts(const std::string& wanted_runtime);
/// Pure: containerd's configuration file.
std::string containerd_config(const ContainerdOptions& options, const MachineFacts& facts);

/// Role: a containerd of our own, in its own folder and on its own socket, kept running; the host's is never
/// touched. Place: made by the node's component; the kubelet talks to it through Client. Lifecycle: start() →
/// stop(), which leaves containerd and the pods running, for the next start() to take over; down() ends
/// containerd and removes the folder. Threading: start, stop and down from one thread. Failure: start()
/// returns the first failure, with the last lines of containerd's log; later deaths are healed by the
/// supervisor, the containers live on meanwhile. One that runs with another configuration is restarted.
class Containerd {
 public:
  Containerd(ContainerdOptions options, const Clock& clock);
  ~Containerd();

  Result<void> start(Deadline deadline);
  void stop();
  /// stop(), and ends containerd where start() had to start it.
  void stop_what_was_started();
  /// Requires: the pods were stopped. Ends containerd and what is left of its shims, unmounts, removes the
  /// folder.
  static Result<void> down(const std::string& data_folder, const Clock& clock);

  const std::string& socket() const { return socket_; }
  /// Puts an image archive (OCI or docker) into containerd's store, under the names it carries.
  Result<void> import_image(const std::string& archive, Deadline deadline) const;
  /// Imports the pause image that is part of this program. Quick where it is already there.
  Result<void> import_pause(Deadline deadline) const;
  pid_t pid() const;

 private:
  Result<void> wait_until_it_answers(Deadline deadline) const;
  void see_to_aftermath(const linux::Process* process, const StopToken& stop);
  void sweep(std::vector<std::string> shims);
  bool sleep_until_sweep();
  void sweep_soon();
  Result<std::vector<std::string>> tasks(Deadline deadline) const;
  Result<std::string> ctr(const std::vector<std::string>& arguments, Deadline deadline) const;

  const ContainerdOptions options_;
  const Clock& clock_;
  const std::string socket_;
  std::shared_ptr<Aftermath> aftermath_;
  Mutex m_;
  CondVar changed_;
  bool stopping_ MZ_GUARDED_BY(m_) = false;
  bool began_ MZ_GUARDED_BY(m_) = false;  ///< containerd, once more
  int sweeps_ MZ_GUARDED_BY(m_) = 0;      ///< since it began
  Thread later_;
  std::unique_ptr<linux::Supervisor> supervisor_;  ///< goes before what its hooks use
};

/// The pause image as an OCI archive.
std::string_view pause_archive();

}  // namespace mizzen::cri
