#include "cri/testing/fake_runtime.h"

#include <fmt/format.h>

namespace mizzen::cri {
namespace {

Error not_found(const std::string& what, const std::string& id) {
  return Error(Code::NotFound,
               fmt::format("an error occurred when try to find {} \"{}\": not found", what, id));
}

bool matches(const codec::Map<std::string>& labels, const codec::Map<std::string>& wanted) {
  for (const auto& [key, value] : wanted) {
    const auto* found = labels.find(key);
    if (!found || *found != value) return false;
  }
  return true;
}

}  // namespace

namespace {
/// What a dead caller is told, so that its threads end: it does not act on it any more.
Error gone_error() { return Error(Code::Cancelled, "rpc error: code = Canceled desc = the caller is dead"); }
}  // namespace

template <typename Response>
void FakeRuntime::take(const char* name, const Call& call, std::function<Result<Response>()> work,
                       Done<Response> done) {
  const Trouble trouble = trouble_ ? trouble_(name) : Trouble{};
  auto go = [this, name = std::string(name), stop = call.stop, trouble, work = std::move(work),
             done = std::move(done)](std::optional<Error> instead) {
    const auto answer = [this, name, instead, stop, trouble, work, done] {
      if (instead) return done(*instead);
      if (trouble.refuse)
        return done(
            Error(Code::ServiceUnavailable, "rpc error: code = Unavailable desc = connection refused"));
      if (stop.stopped())
        return done(Error(Code::Cancelled, "rpc error: code = Canceled desc = context canceled"));
      if (is_dead()) return done(gone_error());
      auto result = work();
      if (is_dead()) return done(gone_error());
      if (const auto lost = lost_answer(name)) return done(*lost);
      if (trouble.lose)
        return done(
            Error(Code::Timeout, "rpc error: code = DeadlineExceeded desc = context deadline exceeded"));
      done(std::move(result));
    };
    if (trouble.delay > Duration::zero()) {
      timers_->after(trouble.delay, answer);
      return;
    }
    // An executor that has stopped carries nothing out, but whoever waits is told.
    if (!executor_.post(answer)) done(Error(Code::ServiceUnavailable, "the runtime has stopped"));
  };
  bool waits = false;
  {
    Lock lock(m_);
    ++counts_[name];
    waits = holds_.contains(name);
  }
  if (waits) {
    wait_for_release(name, call, std::move(go));
  } else {
    go(std::nullopt);
  }
}

void FakeRuntime::wait_for_release(const std::string& name, const Call& call,
                                   std::function<void(std::optional<Error>)> go) {
  uint64_t id = 0;
  {
    Lock lock(m_);
    id = ++holds_made_;
    held_.emplace(id, std::pair(name, Held{call, nullptr, std::move(go)}));
  }
  auto on_stop = call.stop.on_stop([this, id] { cut(id); });
  Lock lock(m_);
  if (const auto found = held_.find(id); found != held_.end())
    found->second.second.on_stop = std::move(on_stop);
}

void FakeRuntime::cut(uint64_t id) {
  Held held;
  {
    Lock lock(m_);
    const auto found = held_.find(id);
    if (found == held_.end()) return;
    held = std::move(found->second.second);
    held_.erase(found);
  }
  held.go(Error(Code::Cancelled, "rpc error: code = Canceled desc = context canceled"));
  // What unregisters the stop waits for it, and this runs within it.
  if (held.on_stop) (void)executor_.post([keep = std::move(held.on_stop)] {});
}

std::optional<Error> FakeRuntime::lost_answer(const std::string& call) {
  Lock lock(m_);
  const auto found = lost_.find(call);
  if (found == lost_.end() || found->second.empty()) return std::nullopt;
  Error error = found->second.front();
  found->second.pop_front();
  return error;
}

void FakeRuntime::lose_answer(const std::string& call, Error error) {
  Lock lock(m_);
  lost_[call].push_back(std::move(error));
}

void FakeRuntime::hold(const std::string& call) {
  Lock lock(m_);
  holds_.insert(call);
}

void FakeRuntime::release(const std::string& call) {
  std::vector<Held> free;
  {
    Lock lock(m_);
    holds_.erase(call);
    for (auto it = held_.begin(); it != held_.end();) {
      if (it->second.first != call) {
        ++it;
        continue;
      }
      free.push_back(std::move(it->second.second));
      it = held_.erase(it);
    }
  }
  for (auto& held : free) {
    const bool late = held.call.deadline.expired();
    held.go(late ? std::optional(Error(Code::Timeout,
                                       "rpc error: code = DeadlineExceeded desc = context deadline exceeded"))
                 : std::nullopt);
  }
}

size_t FakeRuntime::held(const std::string& call) const {
  Lock lock(m_);
  size_t out = 0;
  for (const auto& [id, held] : held_) out += held.first == call ? 1 : 0;
  return out;
}

size_t FakeRuntime::count(const std::string& call) const {
  Lock lock(m_);
  const auto found = counts_.find(call);
  return found == counts_.end() ? 0 : found->second;
}

#define MZ_CRI_DEFINE(service, wire, name)                                                                  \
  void FakeRuntime::name(const v1::wire##Request& request, const Call& call,                                \
                         Done<v1::wire##Response> done) {                                                   \
    take<v1::wire##Response>(#wire, call, [this, request] { return do_##name(request); }, std::move(done)); \
  }
MZ_CRI_CALLS(MZ_CRI_DEFINE)
#undef MZ_CRI_DEFINE

void FakeRuntime::set_trouble(Timers& timers, std::function<Trouble(const std::string&)> draw) {
  timers_ = &timers;
  trouble_ = std::move(draw);
}

void FakeRuntime::set_pod_network(std::string prefix) {
  Lock lock(m_);
  network_ = std::move(prefix);
}

void FakeRuntime::offer_all_images() {
  Lock lock(m_);
  offers_all_ = true;
}

std::string FakeRuntime::free_address() {
  std::set<std::string> taken;
  for (const auto& [id, s] : sandboxes_)
    if (s.status.network) taken.insert(s.status.network->ip);
  for (int i = 0; i < 253; ++i) {
    last_host_ = last_host_ >= 254 ? 2 : last_host_ + 1;
    if (std::string out = fmt::format("{}{}", network_, last_host_); !taken.contains(out)) return out;
  }
  return {};
}

void FakeRuntime::die_with_change(uint64_t n) {
  Lock lock(m_);
  dies_with_ = n;
}

bool FakeRuntime::is_dead() const {
  Lock lock(m_);
  return dead_;
}

void FakeRuntime::revive() {
  Lock lock(m_);
  dead_ = false;
  dies_with_ = 0;
}

Result<void> FakeRuntime::enter(const std::string& call, bool change) {
  if (change) changes_.push_back(call);
  if (change && dies_with_ > 0 && --dies_with_ == 0) dead_ = true;
  auto& queue = failures_[call];
  if (queue.empty()) return {};
  Error error = queue.front();
  queue.pop_front();
  return error;
}

std::string FakeRuntime::next_id() { return fmt::format("{:064x}", ++ids_); }

void FakeRuntime::finish(Container& c, int32_t code, const std::string& reason) {
  if (c.status.state == v1::ContainerState::CONTAINER_EXITED) return;
  c.status.state = v1::ContainerState::CONTAINER_EXITED;
  c.status.finished_at = now();
  c.status.exit_code = code;
  c.status.reason = !reason.empty() ? reason : code == 0 ? "Completed" : "Error";
}

Result<v1::VersionResponse> FakeRuntime::do_version(const v1::VersionRequest&) {
  Lock lock(m_);
  MZ_TRY(enter("Version", false));
  v1::VersionResponse out;
  out.version = "0.1.0";
  out.runtime_name = "fake";
  out.runtime_version = "1.0";
  out.runtime_api_version = "v1";
  return out;
}

Result<v1::StatusResponse> FakeRuntime::do_status(const v1::StatusRequest&) {
  Lock lock(m_);
  MZ_TRY(enter("Status", false));
  v1::StatusResponse out;
  for (const char* type : {"RuntimeReady", "NetworkReady"}) {
    auto& condition = out.status.ensure().conditions.emplace_back();
    condition.type = type;
    condition.status = true;
  }
  out.runtime_handlers = handlers_;
  if (features_) out.features.ensure() = *features_;
  return out;
}

Result<v1::UpdateRuntimeConfigResponse> FakeRuntime::do_update_runtime_config(
    const v1::UpdateRuntimeConfigRequest&) {
  Lock lock(m_);
  MZ_TRY(enter("UpdateRuntimeConfig", true));
  return v1::UpdateRuntimeConfigResponse{};
}

Result<v1::RunPodSandboxResponse> FakeRuntime::do_run_pod_sandbox(const v1::RunPodSandboxRequest& r) {
  Lock lock(m_);
  MZ_TRY(enter("RunPodSandbox", true));
  Sandbox s;
  if (r.config) s.config = *r.config;
  s.status.id = next_id();
  s.status.metadata = s.config.metadata;
  s.status.state = v1::PodSandboxState::SANDBOX_READY;
  s.status.created_at = now();
  s.status.labels = s.config.labels;
  s.status.annotations = s.config.annotations;
  const bool host = s.config.linux && s.config.linux->security_context &&
                    s.config.linux->security_context->namespace_options &&
                    s.config.linux->security_context->namespace_options->network == v1::NamespaceMode::NODE;
  if (!host) s.status.network.ensure().ip = free_address();
  v1::RunPodSandboxResponse out;
  out.pod_sandbox_id = s.status.id;
  sandboxes_[s.status.id] = std::move(s);
  return out;
}

Result<v1::StopPodSandboxResponse> FakeRuntime::do_stop_pod_sandbox(const v1::StopPodSandboxRequest& r) {
  Lock lock(m_);
  MZ_TRY(enter("StopPodSandbox", true));
  for (auto& [id, c] : containers_) {
    if (c.sandbox == r.pod_sandbox_id && c.status.state == v1::ContainerState::CONTAINER_RUNNING)
      finish(c, 137, "");
  }
  if (auto s = sandboxes_.find(r.pod_sandbox_id); s != sandboxes_.end()) {
    s->second.status.state = v1::PodSandboxState::SANDBOX_NOTREADY;
    s->second.status.network.reset();
  }
  return v1::StopPodSandboxResponse{};
}

Result<v1::RemovePodSandboxResponse> FakeRuntime::do_remove_pod_sandbox(
    const v1::RemovePodSandboxRequest& r) {
  Lock lock(m_);
  MZ_TRY(enter("RemovePodSandbox", true));
  std::erase_if(containers_, [&](const auto& c) { return c.second.sandbox == r.pod_sandbox_id; });
  sandboxes_.erase(r.pod_sandbox_id);
  return v1::RemovePodSandboxResponse{};
}

Result<v1::PodSandboxStatusResponse> FakeRuntime::do_pod_sandbox_status(
    const v1::PodSandboxStatusRequest& r) {
  Lock lock(m_);
  MZ_TRY(enter("PodSandboxStatus", false));
  const auto s = sandboxes_.find(r.pod_sandbox_id);
  if (s == sandboxes_.end()) return not_found("sandbox", r.pod_sandbox_id);
  v1::PodSandboxStatusResponse out;
  out.status = s->second.status;
  return out;
}

Result<v1::ListPodSandboxResponse> FakeRuntime::do_list_pod_sandbox(const v1::ListPodSandboxRequest& r) {
  Lock lock(m_);
  MZ_TRY(enter("ListPodSandbox", false));
  v1::ListPodSandboxResponse out;
  for (const auto& [id, s] : sandboxes_) {
    if (r.filter && !r.filter->id.empty() && r.filter->id != id) continue;
    if (r.filter && r.filter->state && r.filter->state->state != s.status.state) continue;
    if (r.filter && !matches(s.status.labels, r.filter->label_selector)) continue;
    auto& item = out.items.emplace_back();
    item.id = id;
    item.metadata = s.status.metadata;
    item.state = s.status.state;
    item.created_at = s.status.created_at;
    item.labels = s.status.labels;
    item.annotations = s.status.annotations;
  }
  return out;
}

Result<v1::CreateContainerResponse> FakeRuntime::do_create_container(const v1::CreateContainerRequest& r) {
  Lock lock(m_);
  MZ_TRY(enter("CreateContainer", true));
  if (!sandboxes_.contains(r.pod_sandbox_id)) return not_found("sandbox", r.pod_sandbox_id);
  Container c;
  c.sandbox = r.pod_sandbox_id;
  if (r.config) c.config = *r.config;
  c.status.id = next_id();
  c.status.metadata = c.config.metadata;
  c.status.state = v1::ContainerState::CONTAINER_CREATED;
  c.status.created_at =
      now() + static_cast<int64_t>(ids_);  // two never share a moment, though a manual clock may stand
  c.status.image = c.config.image;
  if (c.config.image) c.status.image_ref = c.config.image->image;
  c.status.labels = c.config.labels;
  c.status.annotations = c.config.annotations;
  c.status.mounts = c.config.mounts;
  c.status.log_path = c.config.log_path;
  v1::CreateContainerResponse out;
  out.container_id = c.status.id;
  containers_[c.status.id] = std::move(c);
  return out;
}

Result<v1::StartContainerResponse> FakeRuntime::do_start_container(const v1::StartContainerRequest& r) {
  Lock lock(m_);
  const auto failed = enter("StartContainer", true);
  const auto c = containers_.find(r.container_id);
  if (c == containers_.end()) return not_found("container", r.container_id);
  if (!failed.ok()) {
    finish(c->second, 128, "StartError");
    c->second.status.message = failed.error().message();
    return failed.error();
  }
  c->second.status.state = v1::ContainerState::CONTAINER_RUNNING;
  c->second.status.started_at = now();
  return v1::StartContainerResponse{};
}

Result<v1::StopContainerResponse> FakeRuntime::do_stop_container(const v1::StopContainerRequest& r) {
  Lock lock(m_);
  MZ_TRY(enter("StopContainer", true));
  if (auto c = containers_.find(r.container_id); c != containers_.end()) finish(c->second, 143, "");
  return v1::StopContainerResponse{};
}

Result<v1::RemoveContainerResponse> FakeRuntime::do_remove_container(const v1::RemoveContainerRequest& r) {
  Lock lock(m_);
  MZ_TRY(enter("RemoveContainer", true));
  containers_.erase(r.container_id);
  return v1::RemoveContainerResponse{};
}

Result<v1::ListContainersResponse> FakeRuntime::do_list_containers(const v1::ListContainersRequest& r) {
  Lock lock(m_);
  MZ_TRY(enter("ListContainers", false));
  v1::ListContainersResponse out;
  for (const auto& [id, c] : containers_) {
    if (r.filter && !r.filter->id.empty() && r.filter->id != id) continue;
    if (r.filter && !r.filter->pod_sandbox_id.empty() && r.filter->pod_sandbox_id != c.sandbox) continue;
    if (r.filter && r.filter->state && r.filter->state->state != c.status.state) continue;
    if (r.filter && !matches(c.status.labels, r.filter->label_selector)) continue;
    auto& item = out.containers.emplace_back();
    item.id = id;
    item.pod_sandbox_id = c.sandbox;
    item.metadata = c.status.metadata;
    item.image = c.status.image;
    item.image_ref = c.status.image_ref;
    item.state = c.status.state;
    item.created_at = c.status.created_at;
    item.labels = c.status.labels;
    item.annotations = c.status.annotations;
  }
  return out;
}

Result<v1::ContainerStatusResponse> FakeRuntime::do_container_status(const v1::ContainerStatusRequest& r) {
  Lock lock(m_);
  MZ_TRY(enter("ContainerStatus", false));
  const auto c = containers_.find(r.container_id);
  if (c == containers_.end()) return not_found("container", r.container_id);
  v1::ContainerStatusResponse out;
  out.status = c->second.status;
  return out;
}

Result<v1::UpdateContainerResourcesResponse> FakeRuntime::do_update_container_resources(
    const v1::UpdateContainerResourcesRequest& r) {
  Lock lock(m_);
  MZ_TRY(enter("UpdateContainerResources", true));
  const auto c = containers_.find(r.container_id);
  if (c == containers_.end()) return not_found("container", r.container_id);
  c->second.config.linux.ensure().resources = r.linux;
  return v1::UpdateContainerResourcesResponse{};
}

Result<v1::ReopenContainerLogResponse> FakeRuntime::do_reopen_container_log(
    const v1::ReopenContainerLogRequest& r) {
  Lock lock(m_);
  MZ_TRY(enter("ReopenContainerLog", true));
  if (!containers_.contains(r.container_id)) return not_found("container", r.container_id);
  return v1::ReopenContainerLogResponse{};
}

Result<v1::ExecSyncResponse> FakeRuntime::do_exec_sync(const v1::ExecSyncRequest& r) {
  ExecHandler handler;
  {
    Lock lock(m_);
    MZ_TRY(enter("ExecSync", false));
    if (!containers_.contains(r.container_id)) return not_found("container", r.container_id);
    handler = exec_;
  }
  return handler ? handler(r) : v1::ExecSyncResponse{};
}

Result<v1::ExecResponse> FakeRuntime::do_exec(const v1::ExecRequest&) {
  return Error(Code::MethodNotAllowed, "the fake runtime streams nothing");
}
Result<v1::AttachResponse> FakeRuntime::do_attach(const v1::AttachRequest&) {
  return Error(Code::MethodNotAllowed, "the fake runtime streams nothing");
}
Result<v1::PortForwardResponse> FakeRuntime::do_port_forward(const v1::PortForwardRequest&) {
  return Error(Code::MethodNotAllowed, "the fake runtime streams nothing");
}
Result<v1::ContainerStatsResponse> FakeRuntime::do_container_stats(const v1::ContainerStatsRequest&) {
  return Error(Code::MethodNotAllowed, "the fake runtime measures nothing");
}
Result<v1::ListContainerStatsResponse> FakeRuntime::do_list_container_stats(
    const v1::ListContainerStatsRequest&) {
  Lock lock(m_);
  MZ_TRY(enter("ListContainerStats", false));
  return stats_;
}

Result<v1::ListImagesResponse> FakeRuntime::do_list_images(const v1::ListImagesRequest&) {
  Lock lock(m_);
  MZ_TRY(enter("ListImages", false));
  v1::ListImagesResponse out;
  for (const auto& [name, image] : images_) out.images.push_back(image);
  return out;
}

Result<v1::ImageStatusResponse> FakeRuntime::do_image_status(const v1::ImageStatusRequest& r) {
  Lock lock(m_);
  MZ_TRY(enter("ImageStatus", false));
  v1::ImageStatusResponse out;
  const auto image = r.image ? images_.find(r.image->image) : images_.end();
  if (image != images_.end()) out.image = image->second;
  return out;
}

Result<v1::PullImageResponse> FakeRuntime::do_pull_image(const v1::PullImageRequest& r) {
  std::string name = r.image ? r.image->image : "";
  {
    Lock lock(m_);
    MZ_TRY(enter("PullImage", true));
    if (!offers_all_ && !offered_.contains(name)) {
      return Error(Code::NotFound,
                   fmt::format("failed to pull and unpack image \"{0}\": {0}: not found", name));
    }
  }
  add_image(name);
  v1::PullImageResponse out;
  out.image_ref = name;
  return out;
}

Result<v1::RemoveImageResponse> FakeRuntime::do_remove_image(const v1::RemoveImageRequest& r) {
  Lock lock(m_);
  MZ_TRY(enter("RemoveImage", true));
  if (r.image)
    std::erase_if(images_,
                  [&](const auto& i) { return i.first == r.image->image || i.second.id == r.image->image; });
  return v1::RemoveImageResponse{};
}

Result<v1::ImageFsInfoResponse> FakeRuntime::do_image_fs_info(const v1::ImageFsInfoRequest&) {
  Lock lock(m_);
  MZ_TRY(enter("ImageFsInfo", false));
  return image_disk_;
}

void FakeRuntime::offer_stats(v1::ListContainerStatsResponse stats) {
  Lock lock(m_);
  stats_ = std::move(stats);
}

void FakeRuntime::offer_image_disk(v1::ImageFsInfoResponse disk) {
  Lock lock(m_);
  image_disk_ = std::move(disk);
}

void FakeRuntime::exit_container(const std::string& id, int32_t code, const std::string& reason) {
  Lock lock(m_);
  if (auto c = containers_.find(id); c != containers_.end()) finish(c->second, code, reason);
}

void FakeRuntime::kill_sandbox(const std::string& id) {
  Lock lock(m_);
  if (auto s = sandboxes_.find(id); s != sandboxes_.end())
    s->second.status.state = v1::PodSandboxState::SANDBOX_NOTREADY;
  for (auto& [name, c] : containers_) {
    if (c.sandbox == id && c.status.state == v1::ContainerState::CONTAINER_RUNNING) finish(c, 137, "");
  }
}

void FakeRuntime::offer_features(std::vector<v1::RuntimeHandler> handlers, v1::RuntimeFeatures features) {
  Lock lock(m_);
  handlers_ = std::move(handlers);
  features_ = features;
}
void FakeRuntime::offer_image(const std::string& name) {
  Lock lock(m_);
  offered_.insert(name);
}

void FakeRuntime::add_image(const std::string& name) {
  Lock lock(m_);
  v1::Image image;
  image.id = fmt::format("sha256:{:064x}", std::hash<std::string>()(name));
  image.repo_tags = {name};
  image.repo_digests = {name + "@" + image.id};
  images_[name] = std::move(image);
}

void FakeRuntime::fail_next(const std::string& call, Error error) {
  Lock lock(m_);
  failures_[call].push_back(std::move(error));
}

void FakeRuntime::on_exec(ExecHandler handler) {
  Lock lock(m_);
  exec_ = std::move(handler);
}

std::vector<std::string> FakeRuntime::changes() const {
  Lock lock(m_);
  return changes_;
}

std::vector<v1::PodSandboxStatus> FakeRuntime::sandboxes() const {
  Lock lock(m_);
  std::vector<v1::PodSandboxStatus> out;
  for (const auto& [id, s] : sandboxes_) out.push_back(s.status);
  return out;
}

std::vector<v1::ContainerStatus> FakeRuntime::containers() const {
  Lock lock(m_);
  std::vector<v1::ContainerStatus> out;
  for (const auto& [id, c] : containers_) out.push_back(c.status);
  return out;
}

v1::ContainerConfig FakeRuntime::container_config(const std::string& id) const {
  Lock lock(m_);
  const auto c = containers_.find(id);
  return c == containers_.end() ? v1::ContainerConfig{} : c->second.config;
}

v1::PodSandboxConfig FakeRuntime::sandbox_config(const std::string& id) const {
  Lock lock(m_);
  const auto s = sandboxes_.find(id);
  return s == sandboxes_.end() ? v1::PodSandboxConfig{} : s->second.config;
}

std::string FakeRuntime::container_id(const std::string& name) const {
  Lock lock(m_);
  std::string out;
  for (const auto& [id, c] : containers_) {  // ids grow
    if (c.status.metadata && c.status.metadata->name == name) out = id;
  }
  return out;
}

}  // namespace mizzen::cri
