#include "kubelet/images/image_puller.h"

#include <fmt/format.h>

#include "codec/tables/values.h"
#include "cri/blocking.h"

namespace mizzen::kubelet {
namespace {

constexpr auto kPullTimeout = std::chrono::minutes(30);
constexpr auto kInspectTimeout = std::chrono::minutes(2);
constexpr size_t kNameMax = 255;
constexpr size_t kFailuresMax = 10'000;

std::string duration_text(Duration d) {
  return codec::format_go_duration(std::chrono::duration_cast<std::chrono::milliseconds>(d).count() *
                                   1'000'000);
}

}  // namespace

std::string with_default_tag(const std::string& image) {
  if (image.empty() || image.size() > kNameMax + 128) return {};
  for (const char c : image) {
    const bool ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                    std::string_view("._-/:@+").find(c) != std::string_view::npos;
    if (!ok) return {};
  }
  const auto last = image.substr(image.rfind('/') + 1);
  if (last.empty() || last.front() == ':' || last.front() == '@') return {};
  const std::string path =
      image.substr(0, image.size() - last.size()) + last.substr(0, last.find_first_of(":@"));
  const auto slash = path.find('/');
  const auto first = path.substr(0, slash);
  const bool host = slash != std::string::npos &&
                    (first.find('.') != std::string::npos || first.find(':') != std::string::npos);
  for (const char c : host ? path.substr(slash) : path) {
    if (c >= 'A' && c <= 'Z') return {};  // repository names are lower case
  }
  if (last.find('@') != std::string::npos || last.find(':') != std::string::npos) return image;
  return image + ":latest";
}

bool credential_matches(std::string_view key, const std::string& image) {
  const auto scheme = key.find("://");
  if (scheme != std::string_view::npos) key.remove_prefix(scheme + 3);
  for (const std::string_view tail : {"/", "/v1", "/v2"}) {
    while (key.ends_with(tail)) key.remove_suffix(tail.size());
  }
  std::string full = image;
  const auto slash = image.find('/');
  const auto first = image.substr(0, slash);
  if (slash == std::string::npos || (first.find('.') == std::string::npos &&
                                     first.find(':') == std::string::npos && first != "localhost")) {
    full = "docker.io/" + std::string(slash == std::string::npos ? "library/" : "") + image;
  }
  std::string wanted(key);
  for (const std::string_view alias : {"index.docker.io", "registry-1.docker.io"}) {
    if (wanted == alias || wanted.starts_with(std::string(alias) + "/"))
      wanted = "docker.io" + wanted.substr(alias.size());
  }
  if (wanted.empty() || !full.starts_with(wanted)) return false;
  return full.size() == wanted.size() || full[wanted.size()] == '/';
}

std::string effective_pull_policy(const Container& c) {
  if (!c.imagePullPolicy.empty()) return c.imagePullPolicy;
  const auto image = with_default_tag(c.image);
  return image.ends_with(":latest") ? "Always" : "IfNotPresent";
}

bool ImagePuller::inspect(const std::string& image, PulledImage& out, bool& present, std::string& error) {
  cri::v1::ImageStatusRequest request;
  request.image.ensure().image = image;
  auto status = cri::wait<&cri::Runtime::image_status>(deps_.runtime, request,
                                                       Deadline::after(kInspectTimeout, deps_.clock));
  if (!status.ok()) {
    error = status.error().message();
    return false;
  }
  present = static_cast<bool>(status->image);
  if (present) {
    out.ref = status->image->id;
    out.image = *status->image;
  }
  return true;
}

bool ImagePuller::ensure(const Pod& pod, const Container& c, const Credentials& credentials,
                         const cri::v1::PodSandboxConfig& sandbox, PulledImage& out, StartFailure& failure) {
  const std::string image = with_default_tag(c.image);
  if (image.empty()) {
    failure = {
        "InvalidImageName",
        fmt::format("Failed to apply default image tag \"{0}\": couldn't parse image name \"{0}\": invalid "
                    "reference format",
                    c.image)};
    deps_.events.pod_event(pod, c.name, true, "InspectFailed", failure.message);
    return false;
  }
  bool present = false;
  std::string error;
  if (!inspect(image, out, present, error)) {
    failure = {"ImageInspectError", fmt::format("Failed to inspect image \"{}\": {}", image, error)};
    deps_.events.pod_event(pod, c.name, true, "InspectFailed", failure.message);
    return false;
  }
  const std::string policy = effective_pull_policy(c);
  if (policy == "Never" && !present) {
    failure = {"ErrImageNeverPull",
               fmt::format("Container image \"{}\" is not present with pull policy of Never", c.image)};
    deps_.events.pod_event(pod, c.name, true, "ErrImageNeverPull", failure.message);
    return false;
  }
  if (present && policy != "Always") {
    deps_.events.pod_event(
        pod, c.name, false, "Pulled",
        fmt::format("Container image \"{}\" already present on machine and can be accessed by the pod",
                    c.image));
    return true;
  }
  if (!pull(pod, c, image, credentials, sandbox, failure)) return false;
  if (!inspect(image, out, present, error) || !present) {
    failure = {"ImageInspectError", fmt::format("Failed to inspect image \"{}\": {}", image,
                                                error.empty() ? "not found after pull" : error)};
    return false;
  }
  return true;
}

bool ImagePuller::pull(const Pod& pod, const Container& c, const std::string& image,
                       const Credentials& credentials, const cri::v1::PodSandboxConfig& sandbox,
                       StartFailure& failure) {
  const std::string key = pod.metadata.uid + "_" + image;
  const auto last = failures_.with(
      [&](auto& all) { return all.contains(key) ? all[key] : std::pair<Monotonic, std::string>(); });
  if (!last.second.empty() && backoff_.in_backoff(key, last.first)) {
    failure = {"ImagePullBackOff",
               fmt::format("Back-off pulling image \"{}\": ErrImagePull: {}", c.image, last.second)};
    deps_.events.pod_event(pod, c.name, false, "BackOff",
                           fmt::format("Back-off pulling image \"{}\"", c.image));
    return false;
  }
  deps_.events.pod_event(pod, c.name, false, "Pulling", fmt::format("Pulling image \"{}\"", c.image));
  const auto started = deps_.clock.monotonic();
  Credentials attempts = credentials;
  if (attempts.empty()) attempts.emplace_back();
  Result<cri::v1::PullImageResponse> pulled = Error(Code::Unknown, "");
  for (const auto& auth : attempts) {
    cri::v1::PullImageRequest request;
    request.image.ensure().image = image;
    request.image->annotations = pod.metadata.annotations;
    if (!auth.username.empty() || !auth.auth.empty() || !auth.identity_token.empty() ||
        !auth.registry_token.empty())
      request.auth = auth;
    request.sandbox_config = sandbox;
    pulled = cri::wait<&cri::Runtime::pull_image>(deps_.runtime, request,
                                                  Deadline::after(kPullTimeout, deps_.clock));
    if (pulled.ok()) break;
  }
  if (!pulled.ok()) {
    const std::string why = pulled.error().message();
    deps_.events.pod_event(pod, c.name, true, "Failed",
                           fmt::format("Failed to pull image \"{}\": {}", c.image, why));
    const auto now = deps_.clock.monotonic();
    backoff_.next(key, now);
    failures_.with([&](auto& all) {
      if (all.size() >= kFailuresMax) all.clear();
      all[key] = {now, why};
    });
    failure = {"ErrImagePull", why};
    return false;
  }
  failures_.with([&](auto& all) { all.erase(key); });
  backoff_.forget(key);
  PulledImage size;
  bool present = false;
  std::string ignored;
  inspect(image, size, present, ignored);
  const auto took = duration_text(deps_.clock.monotonic() - started);
  deps_.events.pod_event(
      pod, c.name, false, "Pulled",
      fmt::format("Successfully pulled image \"{}\" in {} ({} including waiting). Image size: {} bytes.",
                  c.image, took, took, size.image.size));
  return true;
}

}  // namespace mizzen::kubelet
