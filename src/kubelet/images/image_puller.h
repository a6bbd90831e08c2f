#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cri/runtime.h"
#include "kubelet/decide/backoff.h"
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

/// Credentials for registries, by the pod's pull secrets. First match is tried first.
using Credentials = std::vector<cri::v1::AuthConfig>;

/// Role: sees to it that an image is on the node, by the container's pull policy, with back-off per pod and
/// image and upstream's events. Threading: thread-safe; blocks while pulling. Failure: StartFailure with
/// ErrImagePull, ImagePullBackOff, ErrImageNeverPull, InvalidImageName or ImageInspectError.
class ImagePuller {
 public:
  struct Deps {
    cri::Runtime& runtime;
    Events& events;
    const Clock& clock;
  };
  explicit ImagePuller(Deps deps) : deps_(deps), backoff_(deps.clock, {}) {}

  /// True where `out` is set, false where `failure` is.
  bool ensure(const Pod& pod, const Container& container, const Credentials& credentials,
              const cri::v1::PodSandboxConfig& sandbox, PulledImage& out, StartFailure& failure);

 private:
  bool inspect(const std::string& image, PulledImage& out, bool& present, std::string& error);
  bool pull(const Pod& pod, const Container& container, const std::string& image,
            const Credentials& credentials, const cri::v1::PodSandboxConfig& sandbox, StartFailure& failure);

  Deps deps_;
  Backoff backoff_;
  Guarded<std::map<std::string, std::pair<Monotonic, std::string>>>
      failures_;  ///< by back-off key: when, what
};

/// nginx -> nginx:latest; with a tag or digest as it is. Empty where the name cannot be one of an image.
std::string with_default_tag(const std::string& image);
/// True where a key of a pull secret (host[:port][/path], with or without scheme) is meant for this image: a
/// credential must never be shown to another registry than its own.
bool credential_matches(std::string_view key, const std::string& image);
/// Always for :latest (or no tag), else IfNotPresent; what the spec says where it says it.
std::string effective_pull_policy(const Container& container);

}  // namespace mizzen::kubelet
