#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/alarms.h"
#include "async/executor.h"
#include "async/gate.h"
#include "async/mutex.h"
#include "base/clock.h"
#include "cri/runtime.h"
#include "kubelet/decide/backoff.h"
#include "kubelet/images/keyring.h"
#include "kubelet/images/pull_records.h"
#include "kubelet/state/events.h"

namespace mizzen::kubelet {

/// A failure to start a container: the reason that shows in `state.waiting.reason`, and why.
struct StartFailure {
  std::string reason;
  std::string message;
};

/// What an image name was resolved to.
struct PulledImage {
  std::string ref;  ///< its id
  cri::v1::Image image;
};

/// What is asked of the puller: one container's image.
struct ImageWish {
  std::shared_ptr<const Pod> pod;
  std::string container;
  std::string image;        ///< as the container names it
  std::string policy;       ///< Always, IfNotPresent, Never
  Credentials credentials;  ///< none: the registry is asked without
  cri::v1::PodSandboxConfig sandbox;
  StopToken stop = {};
};

/// Role: sees to it that an image is on the node, by the container's pull policy, with back-off per pod and
/// image and upstream's events. A queue: no thread waits for a registry. Threading: thread-safe. `done` is
/// told once, later, on the runtime's threads or the executor; it must be short. An image that a secret
/// pulled is given only to pods that have it (PullRecords); others pull it themselves. Failure: StartFailure
/// with ErrImagePull, ImagePullBackOff, ErrImageNeverPull, InvalidImageName or ImageInspectError. Bounds:
/// kPullsMax pulls at once and kPullsOfHostMax of them from one registry, so that one that hangs holds up
/// nobody else; wishes beyond wait in their order.
class ImagePuller {
 public:
  static constexpr size_t kPullsMax = 32;
  static constexpr size_t kPullsOfHostMax = 8;
  struct Answer {
    PulledImage image;                    ///< where `failure` is empty
    std::optional<StartFailure> failure;  ///< why it is not there
    bool away = false;                    ///< because the runtime was not to be reached
  };
  using Done = std::function<void(Answer)>;
  struct Deps {
    cri::Runtime& runtime;
    Events& events;
    Alarms& alarms;
    PullRecords& records;
    Executor& executor;  ///< where records are read and written
    const Clock& clock;
  };
  explicit ImagePuller(Deps deps) : deps_(deps), backoff_(deps.clock, {}) {}
  ~ImagePuller() { stop(); }

  void ensure(ImageWish wish, Done done);
  /// Wishes that wait for a pull of their own, and those under way; for metrics and tests.
  size_t waiting() const;
  size_t pulling() const;
  /// Nothing begins any more; waits for what is under way, which its wishes' stops end, through the alarms.
  void stop() { gate_.close(); }

 private:
  struct Job;
  using JobPtr = std::shared_ptr<Job>;
  void inspected(const JobPtr& job, const Result<cri::v1::ImageStatusResponse>& answer);
  void present(const JobPtr& job, const cri::v1::Image& image);
  void absent(const JobPtr& job);
  void post(std::function<void()> f);
  void send_pull(const JobPtr& job);
  void found(const JobPtr& job, const Result<cri::v1::ImageStatusResponse>& answer, Monotonic now);
  void enqueue(const JobPtr& job);
  void start_next();
  void pull(const JobPtr& job);
  void pulled(const JobPtr& job, const Result<cri::v1::PullImageResponse>& answer);
  void finish_pull(const JobPtr& job);
  void fail(const JobPtr& job, StartFailure failure, bool away = false);
  void inspect(const JobPtr& job, std::function<void(Result<cri::v1::ImageStatusResponse>)> then);

  Deps deps_;
  Backoff backoff_;
  Gate gate_;
  mutable Mutex m_;
  std::map<std::string, std::pair<Monotonic, std::string>> failures_ MZ_GUARDED_BY(m_);  ///< by back-off key
  std::deque<JobPtr> queue_ MZ_GUARDED_BY(m_);
  std::map<std::string, size_t> of_host_ MZ_GUARDED_BY(m_);  ///< pulls under way by registry
  size_t pulling_ MZ_GUARDED_BY(m_) = 0;
};

/// nginx -> nginx:latest; with a tag or digest as it is. Empty where the name cannot be one of an image.
std::string with_default_tag(const std::string& image);
/// The registry of an image name: docker.io where it names none.
std::string registry_of(const std::string& image);
/// Always for :latest (or no tag), else IfNotPresent; what the spec says where it says it.
std::string effective_pull_policy(const Container& container);

}  // namespace mizzen::kubelet
