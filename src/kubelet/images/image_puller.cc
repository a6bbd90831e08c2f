#include "kubelet/images/image_puller.h"

#include <fmt/format.h>

#include "codec/tables/values.h"

namespace mizzen::kubelet {
namespace {

constexpr auto kPullTimeout = std::chrono::minutes(30);
constexpr Duration kPostAgain = std::chrono::milliseconds(100);
constexpr auto kInspectTimeout = std::chrono::minutes(2);
constexpr size_t kNameMax = 255;
constexpr size_t kFailuresMax = 10'000;

std::string duration_text(Duration d) {
  return codec::format_go_duration(std::chrono::duration_cast<std::chrono::milliseconds>(d).count() *
                                   1'000'000);
}

/// The runtime itself, which is no failure of the image or its registry.
bool is_away(const Error& error) { return error.code() == Code::ServiceUnavailable; }

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

std::string effective_pull_policy(const Container& c) {
  if (!c.imagePullPolicy.empty()) return c.imagePullPolicy;
  const auto image = with_default_tag(c.image);
  return image.ends_with(":latest") ? "Always" : "IfNotPresent";
}

std::string registry_of(const std::string& image) {
  const auto slash = image.find('/');
  const auto first = image.substr(0, slash);
  const bool host =
      slash != std::string::npos && (first.find_first_of(".:") != std::string::npos || first == "localhost");
  return host ? first : "docker.io";
}

/// One wish on its way. Only one step of it runs at a time.
struct ImagePuller::Job {
  ImageWish wish;
  Done done;
  Gate::Token token;
  std::string image;  ///< with its tag
  std::string key;    ///< of the back-off
  Monotonic asked, begun;
  size_t attempt = 0;  ///< which credential
  std::shared_ptr<void> on_stop;
};

void ImagePuller::fail(const JobPtr& job, StartFailure failure, bool away) {
  Answer answer;
  answer.away = away;
  answer.failure = std::move(failure);
  job->done(std::move(answer));
}

void ImagePuller::inspect(const JobPtr& job, std::function<void(Result<cri::v1::ImageStatusResponse>)> then) {
  cri::v1::ImageStatusRequest request;
  request.image.ensure().image = job->image;
  deps_.runtime.image_status(
      request, {.deadline = Deadline::after(kInspectTimeout, deps_.clock), .stop = job->wish.stop},
      std::move(then));
}

void ImagePuller::ensure(ImageWish wish, Done done) {
  auto job = std::make_shared<Job>();
  job->token = gate_.enter();
  if (!job->token) return;
  job->wish = std::move(wish);
  job->done = std::move(done);
  job->asked = deps_.clock.monotonic();
  job->image = with_default_tag(job->wish.image);
  if (job->image.empty()) {
    const StartFailure failure{
        "InvalidImageName",
        fmt::format("Failed to apply default image tag \"{0}\": couldn't parse image name \"{0}\": invalid "
                    "reference format",
                    job->wish.image)};
    deps_.events.pod_event(*job->wish.pod, job->wish.container, true, "InspectFailed", failure.message);
    return fail(job, failure);
  }
  job->key = job->wish.pod->metadata.uid + "_" + job->image;
  inspect(job, [this, job](const auto& answer) { inspected(job, answer); });
}

void ImagePuller::inspected(const JobPtr& job, const Result<cri::v1::ImageStatusResponse>& answer) {
  const auto& [pod, container, image, policy, credentials, sandbox, stop] = job->wish;
  if (!answer.ok()) {
    const StartFailure failure{"ImageInspectError", fmt::format("Failed to inspect image \"{}\": {}",
                                                                job->image, answer.error().message())};
    if (!stop.stopped()) deps_.events.pod_event(*pod, container, true, "InspectFailed", failure.message);
    return fail(job, failure, is_away(answer.error()));
  }
  if (!answer->image) return absent(job);
  if (policy == "Always") return enqueue(job);
  post([this, job, found = *answer->image] { present(job, found); });
}

/// Later, where there is no room now: whoever asked has to be told.
void ImagePuller::post(std::function<void()> f) {
  if (deps_.executor.post(f)) return;
  deps_.alarms.after(kPostAgain, [this, f = std::move(f)] { post(f); });
}

/// On the node, but perhaps by another's secret.
void ImagePuller::present(const JobPtr& job, const cri::v1::Image& found) {
  std::vector<PullSecret> secrets;
  for (const auto& credential : job->wish.credentials) secrets.push_back(credential.secret);
  if (!deps_.records.may_use(job->image, found.id, secrets)) return absent(job);
  deps_.events.pod_event(
      *job->wish.pod, job->wish.container, false, "Pulled",
      fmt::format("Container image \"{}\" already present on machine and can be accessed by the pod",
                  job->wish.image));
  job->done({{found.id, found}, std::nullopt});
}

void ImagePuller::absent(const JobPtr& job) {
  if (job->wish.policy != "Never") return enqueue(job);
  const StartFailure failure{
      "ErrImageNeverPull",
      fmt::format("Container image \"{}\" is not present with pull policy of Never", job->wish.image)};
  deps_.events.pod_event(*job->wish.pod, job->wish.container, true, "ErrImageNeverPull", failure.message);
  fail(job, failure);
}

void ImagePuller::enqueue(const JobPtr& job) {
  std::string last;
  // A wish that waits for its turn is told of its stop too; not within the stop, whose caller may hold
  // locks. Set before others see the job.
  job->on_stop = job->wish.stop.on_stop(
      [this, token = job->token] { deps_.alarms.after(Duration::zero(), [this, token] { start_next(); }); });
  {
    Lock lock(m_);
    const auto found = failures_.find(job->key);
    if (found != failures_.end() && backoff_.in_backoff(job->key, found->second.first)) {
      last = found->second.second;
    } else {
      queue_.push_back(job);
    }
  }
  if (last.empty()) {
    return start_next();
  }
  deps_.events.pod_event(*job->wish.pod, job->wish.container, false, "BackOff",
                         fmt::format("Back-off pulling image \"{}\"", job->wish.image));
  fail(job, {"ImagePullBackOff",
             fmt::format("Back-off pulling image \"{}\": ErrImagePull: {}", job->wish.image, last)});
}

void ImagePuller::start_next() {
  std::vector<JobPtr> next, stopped;
  {
    Lock lock(m_);
    for (auto it = queue_.begin(); it != queue_.end();) {
      const std::string host = registry_of((*it)->image);
      if ((*it)->wish.stop.stopped()) {
        stopped.push_back(*it);
      } else if (pulling_ >= kPullsMax) {
        break;
      } else if (of_host_[host] >= kPullsOfHostMax) {
        ++it;
        continue;
      } else {
        ++of_host_[host];
        ++pulling_;
        next.push_back(*it);
      }
      it = queue_.erase(it);
    }
  }
  for (const auto& job : stopped) fail(job, {"ErrImagePull", "context canceled"});
  for (const auto& job : next) {
    deps_.events.pod_event(*job->wish.pod, job->wish.container, false, "Pulling",
                           fmt::format("Pulling image \"{}\"", job->wish.image));
    job->begun = deps_.clock.monotonic();
    pull(job);
  }
}

void ImagePuller::pull(const JobPtr& job) {
  post([this, job] {
    // What is on the node without a record would be for everybody.
    const auto begun = deps_.records.begin(job->image);
    if (!begun.ok()) {
      finish_pull(job);
      return fail(job, {"ErrImagePull", "failed to record image pull intent: " + begun.error().message()});
    }
    send_pull(job);
  });
}

void ImagePuller::send_pull(const JobPtr& job) {
  cri::v1::PullImageRequest request;
  request.image.ensure().image = job->image;
  request.image->annotations = job->wish.pod->metadata.annotations;
  if (job->attempt < job->wish.credentials.size()) {
    const auto& auth = job->wish.credentials[job->attempt].auth;
    if (!auth.username.empty() || !auth.auth.empty() || !auth.identity_token.empty() ||
        !auth.registry_token.empty())
      request.auth = auth;
  }
  request.sandbox_config = job->wish.sandbox;
  deps_.runtime.pull_image(request,
                           {.deadline = Deadline::after(kPullTimeout, deps_.clock), .stop = job->wish.stop},
                           [this, job](const auto& answer) { pulled(job, answer); });
}

void ImagePuller::finish_pull(const JobPtr& job) {
  {
    Lock lock(m_);
    --pulling_;
    const auto host = of_host_.find(registry_of(job->image));
    if (--host->second == 0) of_host_.erase(host);
  }
  start_next();
}

void ImagePuller::pulled(const JobPtr& job, const Result<cri::v1::PullImageResponse>& answer) {
  const auto& wish = job->wish;
  if (!answer.ok() && !wish.stop.stopped() && ++job->attempt < wish.credentials.size()) return send_pull(job);
  const auto now = deps_.clock.monotonic();
  if (!answer.ok()) {
    const std::string why = answer.error().message();
    const bool away = is_away(answer.error());
    if (!wish.stop.stopped() && !away) {
      deps_.events.pod_event(*wish.pod, wish.container, true, "Failed",
                             fmt::format("Failed to pull image \"{}\": {}", wish.image, why));
      backoff_.next(job->key, now);
      Lock lock(m_);
      if (failures_.size() >= kFailuresMax) failures_.clear();
      failures_[job->key] = {now, why};
    }
    // Cut off, the runtime may have it all the same: then the intent stands, and whoever comes has to show.
    post([this, job, cut = wish.stop.stopped()] {
      if (cut) return deps_.records.cut_off(job->image);
      deps_.records.failed(job->image);
    });
    finish_pull(job);
    return fail(job, {"ErrImagePull", why}, away);
  }
  {
    Lock lock(m_);
    failures_.erase(job->key);
  }
  backoff_.forget(job->key);
  finish_pull(job);
  inspect(job, [this, job, now](const auto& answer) {
    post([this, job, now, answer] { found(job, answer, now); });
  });
}

void ImagePuller::found(const JobPtr& job, const Result<cri::v1::ImageStatusResponse>& answer,
                        Monotonic now) {
  if (!answer.ok() || !answer->image) {
    return fail(
        job,
        {"ImageInspectError", fmt::format("Failed to inspect image \"{}\": {}", job->image,
                                          answer.ok() ? "not found after pull" : answer.error().message())},
        !answer.ok() && is_away(answer.error()));
  }
  const auto& credentials = job->wish.credentials;
  deps_.records.pulled(
      job->image, answer->image->id,
      job->attempt < credentials.size() ? std::optional(credentials[job->attempt].secret) : std::nullopt);
  deps_.events.pod_event(
      *job->wish.pod, job->wish.container, false, "Pulled",
      fmt::format("Successfully pulled image \"{}\" in {} ({} including waiting). Image size: {} bytes.",
                  job->wish.image, duration_text(now - job->begun), duration_text(now - job->asked),
                  answer->image->size));
  job->done({{answer->image->id, *answer->image}, std::nullopt});
}

size_t ImagePuller::waiting() const {
  Lock lock(m_);
  return queue_.size();
}

size_t ImagePuller::pulling() const {
  Lock lock(m_);
  return pulling_;
}

}  // namespace mizzen::kubelet
