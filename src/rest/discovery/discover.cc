#include "rest/discovery/discover.h"

#include "rest/discovery/registry_of.h"
#include "rest/wire/body.h"
#include "telemetry/log.h"

namespace mizzen::rest {
namespace {

constexpr const char* kAcceptAggregated =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
constexpr Duration kFirstPause = std::chrono::milliseconds(250);

Result<std::string> document(Sender& sender, const std::string& path, const char* accept,
                             const client::Call& call) {
  Ask ask;
  ask.path = path;
  ask.accept = accept;
  MZ_ASSIGN(http::Response answer, sender.send(ask, call));
  if (answer.status != 200)
    return decode_error(answer.status, answer.headers.get("Content-Type"), answer.body);
  return std::move(answer.body);
}

/// As servers before 1.26 are asked: group version by group version.
Result<std::vector<ServedResource>> discover_by_version(Sender& sender, const std::string& root,
                                                        const std::string& groups, const client::Call& call) {
  MZ_ASSIGN(const auto versions, read_group_versions(groups));
  std::vector<ServedResource> out;
  for (const std::string& version : versions) {
    MZ_ASSIGN(const std::string text, document(sender, root + "/" + version, "application/json", call));
    MZ_ASSIGN(auto resources, read_resource_list(text));
    out.insert(out.end(), resources.begin(), resources.end());
  }
  return out;
}

void apply(const RegistrySteps& steps, api::ResourceCatalog& resources) {
  for (const api::ResourcePtr& r : steps.remove) (void)resources.remove(*r).ok();
  for (const api::ResourceInfo& r : steps.add)
    if (const auto added = resources.add(r); !added.ok())
      log::warn("rest", "a resource of the server is left out", {log::kv("err", added.error().message())});
}

}  // namespace

Result<std::vector<ServedResource>> discover(Sender& sender, const client::Call& call) {
  std::vector<ServedResource> out;
  for (const std::string root : {"/api", "/apis"}) {
    MZ_ASSIGN(const std::string text, document(sender, root, kAcceptAggregated, call));
    auto resources = read_aggregated(text);
    if (!resources.ok()) resources = discover_by_version(sender, root, text, call);
    if (!resources.ok()) return resources.error();
    out.insert(out.end(), resources->begin(), resources->end());
  }
  return out;
}

api::RegistryPtr next_registry(const std::vector<ServedResource>& served, const api::Registry& known,
                               const api::RegistryPtr& now) {
  api::ResourceCatalog catalog(now);
  apply(steps_to(served, known, *now), catalog);
  return catalog.registry();
}

Result<api::RegistryPtr> discover_first(Sender& sender, const api::Registry& known, const Clock& clock,
                                        Deadline deadline) {
  for (;;) {
    client::Call call;
    call.deadline = deadline;
    const auto served = discover(sender, call);
    if (served.ok()) return next_registry(*served, known, std::make_shared<const api::Registry>());
    const Deadline then = Deadline::after(kFirstPause, clock);
    if (!served.error().retryable() || then.when() >= deadline.when()) return served.error();
    StopToken().wait_until(then);
  }
}

struct Discovery::State : std::enable_shared_from_this<Discovery::State> {
  explicit State(Deps d) : deps(std::move(d)) {}

  void later() {
    deps.runtime.timers.after(kEvery, [weak = weak_from_this()] {
      if (const auto s = weak.lock()) s->look();
    });
  }
  void look() {
    {
      Lock lock(m);
      if (stopped) return;
      looking = true;
    }
    client::Call call;
    call.stop = stop.token();
    if (const auto served = discover(deps.sender, call); served.ok()) {
      apply(steps_to(*served, *deps.known, *deps.resources.registry()), deps.resources);
    } else {
      log::verbose(1, "rest", "the server's resources cannot be read",
                   {log::kv("err", served.error().message())});
    }
    later();
    Lock lock(m);
    looking = false;
    changed.notify_all();
  }

  const Deps deps;
  StopSource stop;
  Mutex m;
  CondVar changed;
  bool stopped MZ_GUARDED_BY(m) = false;
  bool looking MZ_GUARDED_BY(m) = false;
};

Discovery::Discovery(Deps deps) : state_(std::make_shared<State>(std::move(deps))) {}

void Discovery::start() { state_->later(); }

void Discovery::stop() {
  state_->stop.stop();
  Lock lock(state_->m);
  state_->stopped = true;
  while (state_->looking) state_->changed.wait(state_->m);
}

}  // namespace mizzen::rest
