#include "kubelet/kubelet.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <set>

#include "async/alarms.h"
#include "async/timers.h"
#include "base/file.h"
#include "base/random.h"
#include "base/strings.h"
#include "client/informer/informer.h"
#include "cri/blocking.h"
#include "kubelet/config/api_sources.h"
#include "kubelet/eviction/eviction_manager.h"
#include "kubelet/groups/orphaned_groups.h"
#include "kubelet/groups/qos_groups.h"
#include "kubelet/images/image_collector.h"
#include "kubelet/logs/log_rotation.h"
#include "kubelet/node/node_manager.h"
#include "kubelet/probes/http_getter.h"
#include "kubelet/runtime/runtime_cache.h"
#include "kubelet/runtime/runtime_health.h"
#include "kubelet/server/node_server.h"
#include "kubelet/sources/api_pods.h"
#include "kubelet/sources/file_pods.h"
#include "kubelet/sources/http_pods.h"
#include "kubelet/sources/mirror_pods.h"
#include "kubelet/sources/pod_config.h"
#include "kubelet/stats/stats_manager.h"
#include "kubelet/work/pod_workers.h"
#include "linux/files/file.h"
#include "linux/files/mounts.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// All on beats (next_beat): what falls due together is done in one wake-up.
constexpr auto kLookEvery = seconds(1);
/// Where the runtime tells of what happens: what it forgot to tell is seen this late.
constexpr auto kLookWithEventsEvery = seconds(10);
constexpr auto kInitializedWithin = seconds(30);
constexpr auto kAskAgain = milliseconds(100);
constexpr auto kStatusEvery = seconds(5);
constexpr auto kHousekeepingEvery = seconds(10);
/// How old what the node says of its images may be, as upstream.
constexpr auto kImagesEvery = seconds(30);
/// Threads of those pools last from one beat to the next.
constexpr int kIdleMs = 15'000;
/// What gone pods left is looked for at each housekeeping for that long after the start, and after a pod has
/// gone: its last process may die late. Else that often.
constexpr Duration kLeftoversEvery = std::chrono::minutes(1);
/// Records of pulls outlive their images by that long: a list of images is as old as its call.
constexpr Duration kRecordsKept = std::chrono::minutes(5);
/// How long a dead container takes to go.
constexpr Duration kDeadContainersGo = seconds(3);
constexpr Duration kHintAgain[] = {milliseconds(100), seconds(1)};

/// The Node of this name alone.
client::Informer::Options named(const std::string& name) {
  client::Informer::Options out;
  out.scope.field_selector = "metadata.name=" + name;
  return out;
}

}  // namespace

struct Kubelet::Impl {
  Impl(Deps d, KubeletOptions o, std::vector<ManifestFeed*> f)
      : deps(d),
        options(std::move(o)),
        feeds(std::move(f)),
        machine(options.machine ? *options.machine : linux::system_info()),
        recorder({d.api, {d.clock, d.random, background, timers}}, {"kubelet", options.node_name}),
        events(options.standalone ? nullptr : &recorder, options.node_name),
        getter(make_getter(d.loops, name_pool)),
        volumes(options.data_folder + "/pods", d.clock, d.random, {.memory = options.memory_volumes}),
        rotation({d.runtime, d.clock, [this] { return running_logs(); }},
                 {options.log_bytes_max, options.log_files_max}),
        node({d.api, events, d.clock, [this] { return facts(); }}),
        services(*client::require_resource<api::core::v1::Service>(d.api),
                 {d.api, {d.clock, d.random, background, timers}}),
        own_node(*client::require_resource<Node>(d.api), {d.api, {d.clock, d.random, background, timers}},
                 named(options.node_name)) {
    if (cgroups)
      qos_groups.emplace(*cgroups, options.cgroup_root,
                         PodsShare{.cpus = machine.cpus,
                                   .memory_bytes = static_cast<int64_t>(machine.memory_bytes),
                                   .pids = linux::processes_max()},
                         events);
    watch_machine();
  }

  void watch_machine() {
    Gauges* gauges = deps.gauges;
    if (!gauges && options.watches_machine) gauges = &machine_gauges;
    if (!gauges) return;
    looks.emplace(DiskLooks::Deps{background, alarms, deps.clock, options.volume_stats_every});
    stats.emplace(StatsManager::Deps{*gauges, deps.runtime, cache, *looks, deps.clock,
                                     [this] { return workers.pods(); },
                                     [this](const std::string& uid) { return volumes.pod_folder(uid); }},
                  StatsManager::Options{options.node_name, options.data_folder, options.data_folder + "/logs",
                                        options.cgroup_root});
    evictions.emplace(EvictionManager::Deps{*stats, workers, cache, events, background, alarms, deps.clock,
                                            [this](auto done) { give_back(std::move(done)); }},
                      options.eviction);
  }
  /// Images are nobody's only once the dead containers that have them are gone.
  void give_back(std::function<void()> done) {
    workers.remove_dead_containers();
    alarms.after(kDeadContainersGo,
                 [this, done = std::move(done)]() mutable { collector.collect_all(std::move(done)); });
  }
  Pressures pressures() const { return evictions ? evictions->pressures() : Pressures(); }

  PodOptions pod_options() {
    if (options.hostname.empty()) options.hostname = machine.hostname;
    PodOptions out;
    out.logs_folder = options.data_folder + "/logs";
    out.seccomp_folder = options.data_folder + "/seccomp";
    out.cgroup_root = options.cgroup_root;
    out.dns = options.dns;
    out.resolv_conf = options.resolv_conf;
    out.relaxed_environment_names = options.relaxed_environment_names;
    out.node_memory_bytes = static_cast<int64_t>(machine.memory_bytes);
    out.pods_max = static_cast<size_t>(options.pods_max);
    out.pids_max = std::max<int64_t>(options.pod_pids_max, 0);
    return out;
  }
  static std::optional<linux::Cgroups> detect_cgroups(bool wanted) {
    if (!wanted) return std::nullopt;
    auto found = linux::Cgroups::detect();
    if (found.ok()) return std::move(*found);
    log::warn("kubelet", "Control groups are left to the runtime",
              {log::kv("error", found.error().message())});
    return std::nullopt;
  }

  Result<Services> services_of(const std::string& ns) {
    if (!services.synced())
      return Error(Code::ServiceUnavailable,
                   "services have not yet been read at least once, cannot construct envvars");
    Services out;
    for (const auto& object : services.list(ns)) {
      if (auto s = object.share<api::core::v1::Service>()) out.push_back(std::move(s));
    }
    if (auto s = services.get_as<api::core::v1::Service>("default", "kubernetes"))
      out.push_back(std::move(s));
    return out;
  }
  std::optional<Monotonic> listed_at() const {
    return cache.is_ready() ? std::optional(cache.listed_at()) : std::nullopt;
  }
  Duration look_pause() const {
    if (!cache.is_ready()) return milliseconds(50);
    const bool told = deps.runtime_events && deps.runtime_events->connected();
    return told ? Duration(kLookWithEventsEvery) : Duration(kLookEvery);
  }
  NodeAbilities abilities() const;
  void update_groups();
  std::vector<std::string> current_addresses();
  NodeFacts facts();
  void feed();
  PodConfig::Handlers handlers_of_sources();
  void run();
  void wake();
  void hear(const std::string& id, bool runs);
  bool remove_orphans();
  void housekeeping();
  ImageDisk disk() const;
  void see_images(const std::vector<cri::v1::Image>& all);
  void rotate_logs();
  /// Before all sources have started nobody takes it.
  Result<void> push(std::string_view text);
  std::vector<RunningLog> running_logs() const;
  bool may_have_leftovers();
  void remove_leftovers();

  const Deps deps;
  KubeletOptions options;
  const std::vector<ManifestFeed*> feeds;
  const linux::SystemInfo machine;
  const bool app_armor = linux::app_armor_enabled();
  // Executors first: what uses them goes before them.
  ThreadPool background{deps.clock,
                        {.name = "kubelet-bg", .threads_max = 3, .queue_max = 20'000, .idle_ms = kIdleMs}};
  ThreadPool api_pool{deps.clock, {.name = "kubelet-api", .threads_max = 3, .queue_max = 20'000}};
  // Of their own, so that status and tokens do not wait for each other.
  ThreadPool token_pool{deps.clock, {.name = "kubelet-tokens", .threads_max = 3, .queue_max = 20'000}};
  /// Looks up names: a name that nobody answers for holds one thread, for as long as the resolver waits, and
  /// must not hold up others.
  ThreadPool name_pool{deps.clock, {.name = "kubelet-names", .threads_max = 128}};
  // Threads are there only while they have work: disks that hang hold one for each pod that has to do with
  // them.
  ThreadPool disk_pool{deps.clock, {.name = "kubelet-disk", .threads_max = 16, .queue_max = 20'000}};
  /// Turns never wait: more threads than processors would be of no use.
  ThreadPool pod_pool{deps.clock,
                      {.name = "kubelet-pod",
                       .threads_max = static_cast<size_t>(std::clamp(machine.cpus, 1, 4)),
                       .queue_max = 20'000,
                       .idle_ms = kIdleMs}};
  Timers timers{background, deps.clock};
  Alarms alarms{deps.clock, [this] { wake(); }};
  client::EventRecorder recorder;
  ApiEvents events;
  PodObjects objects{{deps.api,
                      {deps.clock, deps.random, background, timers},
                      [this](const std::string& uid) { workers.refresh(uid); }},
                     {deps.api, token_pool, alarms, deps.clock, deps.random,
                      [this](const std::string& uid) { workers.refresh(uid); }}};
  std::unique_ptr<HttpGetter> getter;
  HandlerRunner handlers{{deps.runtime, *getter, alarms, background, deps.clock}};
  PullRecords pull_records{options.data_folder + "/image_manager", deps.clock};
  ImagePuller puller{{deps.runtime, events, alarms, pull_records, background, deps.clock}};
  volumes::Volumes volumes;
  std::optional<linux::Cgroups> cgroups = detect_cgroups(options.manage_cgroups);
  RuntimeCache cache{{deps.runtime, deps.clock, [this](const std::string& uid) { workers.kick(uid); },
                      [this] { workers.kick_all(); }}};
  RuntimeHealth health{deps.runtime, deps.clock};
  ProbeManager probes{{handlers, events, deps.clock, [this](const std::string& uid) { workers.kick(uid); },
                       options.early_probes}};
  StatusManager statuses{{deps.api, api_pool, deps.clock}};
  NodeWorld world{
      .runtime = deps.runtime,
      .cache = cache,
      .puller = puller,
      .handlers = handlers,
      .probes = probes,
      .statuses = statuses,
      .events = events,
      .volumes = volumes,
      .objects = objects,
      .cgroups = cgroups ? &*cgroups : nullptr,
      .executor = pod_pool,
      .disk = disk_pool,
      .alarms = alarms,
      .clock = deps.clock,
      .random = deps.random,
      .services = [this](const std::string& ns) { return services_of(ns); },
      .host_ips = [this] { return addresses.with([](const auto& a) { return a; }); },
      .allocatable = [this] { return node.allocatable(); },
      .node = [this] { return own_node.get_as<Node>("", options.node_name); },
      .network_problem = [this] { return health.network_problem(); },
      .abilities = [this] { return abilities(); },
      .update_groups = [this] { update_groups(); },
      .sources_ready = [this] { return sources.asked() && (options.standalone || own_node.synced()); },
      .runtime_ready = [this] { return health.features().has_value(); },
      .returned =
          [this](const auto& pod) {
            if (is_static(*pod) && !options.standalone) mirrors.tell_again(pod);
          },
      .options = pod_options()};
  PodWorkers workers{world};
  std::optional<QosGroups> qos_groups;  ///< these are set before threads start
  MachineGauges machine_gauges{cgroups ? &*cgroups : nullptr};
  std::optional<DiskLooks> looks;
  std::optional<StatsManager> stats;  ///< none: nothing of the machine is watched
  std::optional<EvictionManager> evictions;
  LogRotation rotation;
  std::atomic<bool> rotating = false;
  NodeManager node;
  MirrorPods mirrors{{.api = deps.api,
                      .executor = api_pool,
                      .node_name = options.node_name,
                      .sources_ready = [this] { return sources.synced(); },
                      .on_mirror = [this](const std::string& uid, const auto& m) { statuses.show(uid, m); }}};
  PodConfig sources{handlers_of_sources()};
  client::Informer services;
  client::Informer own_node;  ///< for its labels and taints, which others write
  std::unique_ptr<NodeServer> server;

  std::atomic<PushedPods*> pushed = nullptr;  ///< one of the sources

  std::string runtime_version;  ///< set before threads start
  Guarded<std::vector<cri::v1::Image>> images;
  Guarded<std::vector<std::string>> addresses{options.addresses};
  std::atomic<bool> images_seen = false;
  ImageCollector collector{{.runtime = deps.runtime,
                            .events = events,
                            .clock = deps.clock,
                            .disk = [this] { return disk(); },
                            .on_images = [this](const auto& all) { see_images(all); }}};
  std::atomic<bool> look_asked = false;
  std::atomic<int> bound_port = 0;
  std::atomic<bool> reported_ready = false;
  StopSource stop_source;
  Mutex m;
  CondVar changed;
  bool woken MZ_GUARDED_BY(m) = false;
  // Of the loop alone: pods that had gone at the last housekeeping, when that last changed, and the last
  // look.
  uint64_t pods_gone = 0;
  Monotonic pods_gone_at = deps.clock.monotonic(), leftovers_looked{};
  Thread loop;
};

void Kubelet::Impl::update_groups() {
  if (qos_groups) qos_groups->update(workers.pods());
}

NodeAbilities Kubelet::Impl::abilities() const {
  const auto features = health.features().value_or(RuntimeHealth::Features());
  NodeAbilities out{.groups_policy = features.groups_policy,
                    .recursive_read_only = features.recursive_read_only,
                    .user_namespaces = features.user_namespaces,
                    .app_armor = app_armor,
                    .privileged = options.allow_privileged,
                    .pressures = pressures(),
                    .kernel_version = machine.kernel_version,
                    .huge_pages = {}};
  for (const auto& [size, total] : machine.huge_pages) out.huge_pages.push_back(size);
  return out;
}

std::vector<std::string> Kubelet::Impl::current_addresses() {
  const auto known = addresses.with([](const auto& a) { return a; });
  if (!options.look_up_addresses) return known;
  auto now = options.look_up_addresses();
  if (now.empty() || now == known) return known;
  log::info("kubelet", "The node has another address",
            {log::kv("old", known.empty() ? "" : known.front()), log::kv("new", now.front())});
  addresses.with([&](auto& a) { a = now; });
  workers.kick_all();  // pods tell it, those on the node's network have it
  return now;
}

NodeFacts Kubelet::Impl::facts() {
  NodeFacts out;
  out.name = options.node_name;
  out.hostname = options.hostname;
  out.addresses = current_addresses();
  out.machine = machine;
  const ImageDisk space = disk();
  out.disk_bytes = space.bytes;
  out.disk_kept_bytes = static_cast<uint64_t>(
      options.eviction.kept(Signal::NodeFsAvailable, static_cast<int64_t>(space.bytes)));
  out.memory_kept_bytes = static_cast<uint64_t>(
      options.eviction.kept(Signal::MemoryAvailable, static_cast<int64_t>(machine.memory_bytes)));
  out.pressures = pressures();
  out.pods_max = options.pods_max;
  out.port = bound_port;
  out.version = options.version;
  out.runtime_version = runtime_version;
  out.runtime_problem = health.runtime_problem(listed_at());
  out.network_problem = health.network_problem();
  if (const auto features = health.features()) {
    out.runtime_handlers = features->handlers;
    out.groups_policy = features->groups_policy;
  }
  out.images = images.with([](const auto& i) { return i; });
  out.labels = options.node_labels;
  reported_ready = out.runtime_problem.empty() && out.network_problem.empty();
  return out;
}

void Kubelet::Impl::feed() {
  const client::Informer::Deps informer{deps.api, {deps.clock, deps.random, background, timers}};
  if (!options.standalone) sources.add(std::make_unique<ApiPods>(informer, options.node_name));
  if (!options.static_pod_path.empty()) {
    sources.add(std::make_unique<FilePods>(FilePods::Deps{disk_pool, alarms, deps.clock},
                                           FilePods::Options{.path = options.static_pod_path,
                                                             .node_name = options.node_name,
                                                             .period = options.file_check_every,
                                                             .watch = true}));
  }
  if (!options.static_pod_url.empty() && deps.loops) {
    sources.add(
        std::make_unique<HttpPods>(HttpPods::Deps{*deps.loops, disk_pool, name_pool, alarms, deps.clock},
                                   HttpPods::Options{.url = options.static_pod_url,
                                                     .headers = options.static_pod_url_headers,
                                                     .node_name = options.node_name,
                                                     .period = options.http_check_every}));
  }
  for (ManifestFeed* f : feeds) sources.add(std::make_unique<FeedPods>(deps.clock, *f, options.node_name));
  if (server) {
    auto pushes =
        std::make_unique<PushedPods>(deps.clock, options.node_name, options.data_folder + "/pushed_pods");
    pushed = pushes.get();
    sources.add(std::move(pushes));
  }
  if (!options.standalone) {
    own_node.start();
    services.start();
  }
  sources.start();
}

Result<void> Kubelet::Impl::push(std::string_view text) {
  PushedPods* to = pushed;
  if (!to || !to->synced()) return Error(Code::ServiceUnavailable, "the node is starting");
  return to->push(text);
}

PodConfig::Handlers Kubelet::Impl::handlers_of_sources() {
  PodConfig::Handlers out;
  out.upsert = [this](const auto& pod) {
    workers.upsert(pod);
    if (is_static(*pod) && !options.standalone) mirrors.want(pod);
  };
  out.observe = [this](const auto& pod) { statuses.observe(pod); };
  out.gone = [this](const auto& last) {
    workers.gone(last->metadata.uid, last);
    if (is_static(*last) && !options.standalone) mirrors.unwant(last);
  };
  out.mirror = [this](const auto& mirror, bool there) { mirrors.seen(mirror, there); };
  return out;
}

void Kubelet::Impl::hear(const std::string& id, bool runs) {
  const auto look = [this] {
    look_asked = true;
    wake();
  };
  if (id.empty()) {
    // Nothing says when a subscription stands: what ended in between is in no list yet and told by no event.
    for (const Duration wait : kHintAgain) alarms.after(wait, look);
    return look();
  }
  cache.hint(id, runs);
  if (runs) return;
  // The runtime hears of it as we do: its answer may still be the old one.
  for (const Duration wait : kHintAgain) alarms.after(wait, [this, id] { cache.hint(id, false); });
}

void Kubelet::Impl::wake() {
  Lock lock(m);
  woken = true;
  changed.notify_all();
}

void Kubelet::Impl::run() {
  const auto token = stop_source.token();
  const auto on_stop = token.on_stop([this] { wake(); });
  auto look_due = deps.clock.monotonic();
  auto status_due = look_due, housekeeping_due = next_beat(look_due, kHousekeepingEvery),
       images_due = housekeeping_due;
  bool orphans_known = false;
  while (!token.stopped()) {
    const auto now = deps.clock.monotonic();
    if (now >= status_due) {
      health.ask();
      status_due = next_beat(
          now, health.runtime_problem(now).empty() ? Duration(kStatusEvery) : Duration(milliseconds(200)));
    }
    if (now >= look_due || look_asked.exchange(false)) {
      cache.relist();
      look_due = next_beat(now, look_pause());
    }
    // A changed manifest waits for the end of what it was before.
    if (!orphans_known) orphans_known = remove_orphans();
    if (now >= housekeeping_due) {
      housekeeping();
      housekeeping_due = next_beat(now, kHousekeepingEvery);
    }
    if (now >= images_due) {
      collector.tick();
      images_due = next_beat(now, images_seen ? kImagesEvery : kHousekeepingEvery);
    }
    const auto next =
        std::min({alarms.tick(), probes.tick(), look_due, status_due, housekeeping_due, images_due});
    Lock lock(m);
    while (!woken && deps.clock.monotonic() < next) {
      if (!changed.wait_until(m, Deadline::at(next, deps.clock))) break;
    }
    woken = false;
  }
}

std::vector<RunningLog> Kubelet::Impl::running_logs() const {
  std::vector<RunningLog> out;
  for (const auto& pod : cache.pods())
    for (const auto& c : cache.pod(pod.uid).containers)
      if (c.state == ContainerRecord::State::Running && !c.log_path.empty())
        out.push_back({c.id, c.log_path});
  return out;
}

/// Away from the loop: compressing takes a while.
void Kubelet::Impl::rotate_logs() {
  if (rotating.exchange(true)) return;
  const bool posted = background.post([this] {
    rotation.tick();
    rotating = false;
  });
  if (!posted) rotating = false;
}

void Kubelet::Impl::see_images(const std::vector<cri::v1::Image>& all) {
  images.with([&](auto& i) { i = all; });
  images_seen = true;
  (void)background.post([this, all, asked = deps.clock.wall()] {
    std::map<std::string, std::string> refs;
    std::set<std::string> ids;
    for (const auto& image : all) {
      ids.insert(image.id);
      for (const auto* names : {&image.repo_tags, &image.repo_digests})
        for (const auto& name : *names) refs[name] = image.id;
    }
    pull_records.adopt(refs);
    pull_records.prune(ids, asked - kRecordsKept);
  });
}

ImageDisk Kubelet::Impl::disk() const {
  if (!options.watches_machine) return {};
  const auto space = linux::disk_space(options.data_folder);
  return space.ok() ? ImageDisk{space->bytes, space->available_bytes} : ImageDisk{};
}

/// False while they may not be all: nobody is an orphan before his source and the runtime were heard.
bool Kubelet::Impl::remove_orphans() {
  if (!cache.is_ready()) return false;
  const bool all_heard = sources.synced();
  for (const auto& pod : cache.pods())
    if (!workers.knows(pod.uid) && (all_heard || sources.synced(cache.pod(pod.uid).source())))
      workers.remove_orphan(pod);
  return all_heard;
}

void Kubelet::Impl::housekeeping() {
  statuses.tick();
  mirrors.tick();
  rotate_logs();
  if (evictions) evictions->tick();
  const bool all_known = remove_orphans();
  (void)background.post([this, all_known, look = all_known && may_have_leftovers()] {
    if (stats) stats->tick();
    if (all_known) update_groups();
    if (look) remove_leftovers();
  });
}

bool Kubelet::Impl::may_have_leftovers() {
  const auto now = deps.clock.monotonic();
  if (const uint64_t gone = workers.forgotten(); gone != pods_gone) {
    pods_gone = gone;
    pods_gone_at = now;
  }
  const bool look = now - pods_gone_at < kLeftoversEvery || now - leftovers_looked >= kLeftoversEvery;
  if (look) leftovers_looked = now;
  return look;
}

/// Folders and control groups of pods that are gone.
void Kubelet::Impl::remove_leftovers() {
  const auto is_known = [&](const std::string& uid) { return workers.knows(uid) || cache.knows(uid); };
  if (cgroups)
    remove_orphaned_groups(*cgroups, options.cgroup_root, is_known, [](int pid) { ::kill(pid, SIGKILL); });
  const auto folders = linux::list_folder(options.data_folder + "/pods");
  for (const auto& uid : folders.ok() ? *folders : std::vector<std::string>()) {
    if (is_known(uid)) continue;
    const auto gone = volumes.tear_down(uid);
    if (!gone.ok())
      log::warn("kubelet", "Cannot remove folder of a gone pod",
                {log::kv("uid", uid), log::kv("error", gone.error().message())});
  }
  const auto logs = linux::list_folder(options.data_folder + "/logs");
  for (const auto& name : logs.ok() ? *logs : std::vector<std::string>()) {
    const auto uid =
        name.substr(name.rfind('_') + 1);  // NAMESPACE_NAME_UID; none of the three has another underscore
    if (is_known(uid)) continue;
    const auto gone = linux::remove_all(options.data_folder + "/logs/" + name);
    if (!gone.ok())
      log::warn("kubelet", "Cannot remove logs of a gone pod",
                {log::kv("uid", uid), log::kv("error", gone.error().message())});
  }
}

Kubelet::Kubelet(Deps deps, KubeletOptions options, std::vector<ManifestFeed*> feeds)
    : impl_(std::make_unique<Impl>(deps, std::move(options), std::move(feeds))) {}
Kubelet::~Kubelet() { stop(); }

Result<void> Kubelet::start() {
  Impl& k = *impl_;
  for (const char* folder : {"/pods", "/logs", "/seccomp"})
    MZ_TRY(make_folders(k.options.data_folder + folder, 0750));
  // Mounts made by a container with Bidirectional propagation, and ours, must reach the others.
  const auto shared = k.options.shares_mounts ? linux::make_shared(k.options.data_folder) : Result<void>();
  if (!shared.ok()) {
    log::warn("kubelet", "Mount propagation into containers will not work",
              {log::kv("error", shared.error().message())});
  }
  if (k.options.port >= 0 && k.deps.loops && k.deps.identity && k.deps.auth) {
    k.server = std::make_unique<NodeServer>(
        NodeServer::Deps{*k.deps.loops, k.deps.runtime, k.workers, k.cache, k.deps.clock, *k.deps.identity,
                         *k.deps.auth, k.stats ? &*k.stats : nullptr,
                         [&k](std::string_view text) { return k.push(text); }},
        NodeServer::Options{.address = k.options.listen_address,
                            .port = static_cast<uint16_t>(k.options.port),
                            .node_name = k.options.node_name,
                            .data_folder = k.options.data_folder,
                            .debugging = k.options.debugging_handlers});
    MZ_TRY(k.server->start());
    k.bound_port = k.server->port();
  }
  if (auto version =
          cri::wait<&cri::Runtime::version>(k.deps.runtime, {}, Deadline::after(seconds(5), k.deps.clock));
      version.ok()) {
    std::string number = version->runtime_version;
    if (number.starts_with("v")) number.erase(0, 1);
    k.runtime_version = version->runtime_name + "://" + number.substr(0, number.find('~'));
  }
  k.health.ask();
  k.collector.tick();
  if (k.deps.runtime_events)
    k.deps.runtime_events->start([&k](const std::string& id, bool runs) { k.hear(id, runs); });
  if (!k.options.standalone) k.node.start();
  k.feed();
  k.loop = Thread("kubelet", [&k] { k.run(); });
  return {};
}

void Kubelet::stop() {
  Impl& k = *impl_;
  if (k.server) k.server->stop();
  k.sources.stop();
  k.mirrors.stop();
  k.services.stop();
  k.own_node.stop();
  k.objects.stop();
  k.node.stop();
  if (k.deps.runtime_events) k.deps.runtime_events->stop();
  // The loop goes on until everything under way was told to end: alarms and answers come through it.
  k.probes.stop();
  k.workers.stop();
  k.handlers.stop();
  k.puller.stop();
  k.stop_source.stop();
  k.loop.join();
  k.recorder.stop();
  k.cache.stop();
  k.health.stop();
  k.collector.stop();
  if (k.evictions) k.evictions->stop();
  if (k.looks) k.looks->stop();
  k.pod_pool.stop();
  k.disk_pool.stop();
  k.name_pool.stop();
  k.timers.stop();
  k.api_pool.stop();
  k.token_pool.stop();
  k.background.stop();
}

Kubelet::OwnPods Kubelet::own_pods() const {
  OwnPods out;
  out.heard = impl_->sources.asked() && impl_->sources.synced();
  for (const auto& pod : impl_->workers.pods()) {
    if (!is_static(*pod)) continue;
    const auto& statuses = pod->status.containerStatuses;
    const bool all_run = statuses.size() == pod->spec.containers.size() &&
                         std::all_of(statuses.begin(), statuses.end(),
                                     [](const auto& c) { return c.state.running.has_value(); });
    if (pod->status.phase == "Failed") {
      out.failed.push_back(pod_text(*pod));
    } else if (pod->status.phase == "Succeeded" || (pod->status.phase == "Running" && all_run)) {
      ++out.running;
    } else {
      out.waiting.push_back(pod_text(*pod));
    }
  }
  return out;
}

int Kubelet::port() const { return impl_->bound_port; }
bool Kubelet::ready() const { return impl_->reported_ready; }

namespace {

/// A runtime that was just started reads what it had first, and refuses every call meanwhile.
Result<cri::v1::ListPodSandboxResponse> sandboxes_of(cri::Runtime& runtime, const Clock& clock) {
  const StopToken never;
  const auto initialized = Deadline::after(kInitializedWithin, clock);
  for (;;) {
    auto listed =
        cri::wait<&cri::Runtime::list_pod_sandbox>(runtime, {}, Deadline::after(kRuntimeTimeout, clock));
    if (listed.ok() || initialized.expired()) return listed;
    never.wait_until(Deadline::after(kAskAgain, clock));
  }
}

}  // namespace

Result<void> Kubelet::down(cri::Runtime& runtime, const Clock& clock, const std::string& data_folder,
                           const std::string& cgroup_root) {
  MZ_ASSIGN(const auto listed, sandboxes_of(runtime, clock));
  Result<void> first;
  for (const auto& sandbox : listed.items) {
    cri::v1::StopPodSandboxRequest stop;
    stop.pod_sandbox_id = sandbox.id;
    auto stopped =
        cri::wait<&cri::Runtime::stop_pod_sandbox>(runtime, stop, Deadline::after(kRuntimeTimeout, clock));
    cri::v1::RemovePodSandboxRequest remove;
    remove.pod_sandbox_id = sandbox.id;
    auto removed = cri::wait<&cri::Runtime::remove_pod_sandbox>(runtime, remove,
                                                                Deadline::after(kRuntimeTimeout, clock));
    if (!stopped.ok() && first.ok()) first = stopped.error();
    if (!removed.ok() && first.ok()) first = removed.error();
  }
  MZ_TRY(first);
  MZ_TRY(linux::unmount_all_under(data_folder));
  MZ_TRY(linux::remove_all(data_folder));
  if (const auto groups = linux::Cgroups::detect(); groups.ok() && groups->exists(cgroup_root))
    return groups->remove(cgroup_root);
  return {};
}

}  // namespace mizzen::kubelet
