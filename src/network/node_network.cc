#include "network/node_network.h"

#include <fmt/format.h>

#include "async/mutex.h"
#include "base/file.h"
#include "linux/files/file.h"
#include "network/cni/cni_config.h"
#include "network/cni/cni_server.h"
#include "network/protocol/cni_document.h"
#include "telemetry/log.h"

namespace mizzen::network {
namespace {

constexpr std::string_view kLog = "network";
constexpr auto kResyncTimeout = std::chrono::seconds(20);

CniAnswer failure(const CniCall& call, const std::string& version, const Error& error) {
  const bool again = error.code() == Code::TooManyRequests || error.code() == Code::Conflict;
  const int code = error.code() == Code::BadRequest   ? kCniInvalidConfig
                   : again && call.command != "CHECK" ? kCniTryAgain
                                                      : kCniFailed;
  return cni_failure(version, code, error.message());
}

/// What the specification asks of a call; nothing where it is met.
std::optional<CniAnswer> missing(const CniCall& call, const std::string& version) {
  const auto& c = call.command;
  const auto wrong = [&](std::string_view text) {
    return cni_failure(version, kCniInvalidEnvironment, text);
  };
  const bool of_network = c == "STATUS" || c == "GC";
  if (of_network ? version != "1.1.0" : c != "ADD" && c != "DEL" && c != "CHECK")
    return wrong(fmt::format("CNI_COMMAND \"{}\" is not supported in version {}", c, version));
  if (of_network) return std::nullopt;
  if (call.container_id.empty() || call.interface.empty() || (c != "DEL" && call.network_namespace.empty()))
    return wrong("CNI_CONTAINERID, CNI_NETNS and CNI_IFNAME are required");
  if (call.interface.size() > 15) return wrong("CNI_IFNAME is longer than 15 characters");
  return std::nullopt;
}

}  // namespace

/// Timers may fire after stop(): what they call holds it, and finds it stopped.
struct NodeNetwork::Impl : std::enable_shared_from_this<NodeNetwork::Impl> {
  Impl(Deps d, Options o) : deps(d), options(std::move(o)) {}
  Result<void> start(Deadline deadline);
  void stop();
  Result<void> settle(Deadline deadline);
  CniAnswer serve(const CniCall& call, Deadline deadline);
  Result<CniAnswer> carry_out(const CniCall& call, const CniConfig& config, Deadline deadline);
  Result<std::string> resync(Deadline deadline);
  void look_later() MZ_REQUIRES(m);
  void look();

  const Deps deps;
  const Options options;
  bool first_time = false;  ///< start() found no journal
  std::optional<linux::FileLock> lock;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Attachments> attachments;
  std::unique_ptr<CniServer> server;

  Mutex m;
  CondVar looked;
  bool running MZ_GUARDED_BY(m) = false;
  bool looking MZ_GUARDED_BY(m) = false;
  Timers::Id timer MZ_GUARDED_BY(m) = 0;
  std::string trouble MZ_GUARDED_BY(m);  ///< why the last look failed; empty: it did not
};

NodeNetwork::NodeNetwork(Deps deps, Options options)
    : impl_(std::make_shared<Impl>(deps, std::move(options))) {}
NodeNetwork::~NodeNetwork() { stop(); }

Result<void> NodeNetwork::start(Deadline deadline) {
  auto started = impl_->start(deadline);
  if (!started.ok()) impl_->stop();
  return started;
}

Result<void> NodeNetwork::Impl::start(Deadline deadline) {
  const NetworkOptions& o = options.network;
  MZ_ASSIGN(const auto node, node_settings(o));
  MZ_TRY(make_folders(o.data_folder, 0700));
  MZ_ASSIGN(auto held, linux::FileLock::acquire(o.data_folder + "/lock"));
  lock.emplace(std::move(held));
  first_time = !path_exists(o.journal());
  Remembered remembered;
  MZ_ASSIGN(journal, Journal::open(o.journal(), options.boot_id, remembered));
  if (remembered.unreadable > 0)
    log::warn(kLog, "Lines of the journal make no sense", {log::kv("lines", remembered.unreadable)});
  attachments = std::make_unique<Attachments>(node, std::move(remembered), *journal, deps.plane);
  MZ_TRY(settle(deadline));
  server = std::make_unique<CniServer>(
      deps.runtime, o.socket(), [this](const CniCall& call, Deadline until) { return serve(call, until); });
  MZ_TRY(server->start());
  Lock running_lock(m);
  running = true;
  look_later();
  return {};
}

/// One pod that cannot be mended does not keep the node from starting; rules that the kernel refuses do.
Result<void> NodeNetwork::Impl::settle(Deadline deadline) {
  const auto mended = resync(deadline);
  if (mended.ok()) return {};
  MZ_TRY(deps.plane.ensure_node(attachments->plan().node));
  MZ_TRY(deps.plane.publish(attachments->plan()));
  log::warn(kLog, "Not all could be mended", {log::kv("error", mended.error().message())});
  return {};
}

void NodeNetwork::Impl::stop() {
  {
    Lock running_lock(m);
    running = false;
    if (timer) deps.runtime.timers.cancel(std::exchange(timer, 0));
    while (looking) looked.wait(m);
  }
  if (server) server->stop();
  lock.reset();
}

void NodeNetwork::stop() { impl_->stop(); }

Result<std::string> NodeNetwork::Impl::resync(Deadline deadline) {
  auto mended = attachments->resync(deadline);
  Lock trouble_lock(m);
  trouble = mended.ok() ? std::string() : mended.error().message();
  if (mended.ok() && !mended->empty()) log::info(kLog, "Put right", {log::kv("what", *mended)});
  return mended;
}

void NodeNetwork::Impl::look_later() {
  timer = deps.runtime.timers.after(options.resync_every, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look();
  });
}

void NodeNetwork::Impl::look() {
  {
    Lock running_lock(m);
    if (!running) return;
    looking = true;
  }
  const auto mended = resync(Deadline::after(kResyncTimeout, deps.runtime.clock));
  if (!mended.ok()) log::warn(kLog, "Cannot mend", {log::kv("error", mended.error().message())});
  Lock running_lock(m);
  looking = false;
  looked.notify_all();
  if (running) look_later();
}

Result<std::string> NodeNetwork::resync(Deadline deadline) { return impl_->resync(deadline); }
NodePlan NodeNetwork::plan() const { return impl_->attachments->plan(); }

CniAnswer NodeNetwork::serve(const CniCall& call, Deadline deadline) { return impl_->serve(call, deadline); }

CniAnswer NodeNetwork::Impl::serve(const CniCall& call, Deadline deadline) {
  if (call.command == "VERSION") return cni_versions();
  const auto config = parse_cni_config(call.config);
  if (config.problem.exit_code != 0) return config.problem;
  if (const auto wrong = missing(call, config.version)) return *wrong;
  if (deadline.expired())
    return cni_failure(config.version, kCniTryAgain, "the network of this node is busy");
  const auto answer = carry_out(call, config, deadline);
  if (answer.ok()) return *answer;
  log::warn(kLog, "Call failed",
            {log::kv("command", call.command), log::kv("container", call.container_id),
             log::kv("error", answer.error().message())});
  return failure(call, config.version, answer.error());
}

Result<CniAnswer> NodeNetwork::Impl::carry_out(const CniCall& call, const CniConfig& config,
                                               Deadline deadline) {
  const AttachmentKey key{call.container_id, call.interface};
  if (call.command == "ADD") {
    MZ_ASSIGN(const auto pod, attachments->attach({.key = key,
                                                   .network_namespace = call.network_namespace,
                                                   .pod = pod_of_arguments(call.arguments),
                                                   .ports = config.ports},
                                                  deadline));
    return CniAnswer{cni_result(config.version, pod, attachments->plan().node), 0};
  }
  if (call.command == "DEL") MZ_TRY(attachments->detach(key, deadline));
  if (call.command == "CHECK") MZ_TRY(attachments->check(key, deadline));
  if (call.command == "GC" && config.names_valid) MZ_TRY(attachments->keep_only(config.valid, deadline));
  if (call.command == "STATUS") {
    Lock trouble_lock(m);
    if (!trouble.empty()) return cni_failure(config.version, kCniNotAvailable, trouble);
  }
  return CniAnswer{};
}

void NodeNetwork::stop_what_was_started() {
  stop();
  const bool ours = impl_->first_time && impl_->attachments && plan().pods.empty();
  const auto gone = ours ? down(impl_->deps.plane, impl_->options) : Result<void>();
  if (!gone.ok()) log::warn(kLog, "Cannot take it away", {log::kv("error", gone.error().message())});
}

Result<void> NodeNetwork::down(DataPlane& plane, const Options& options) {
  MZ_ASSIGN(auto node, node_settings(options.network));
  const auto text = read_file(options.network.journal());
  auto remembered = text.ok() ? parse_journal(*text, options.boot_id) : Remembered();
  MZ_TRY(plane.remove({std::move(node), std::move(remembered.pods)}));
  return linux::remove_all(options.network.data_folder);
}

}  // namespace mizzen::network
