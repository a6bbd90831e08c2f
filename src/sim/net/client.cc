#include "sim/net/client.h"

#include <fmt/format.h>

#include <cstdlib>

#include "api/builtin.h"
#include "apiserver/entry/stored.h"
#include "apiserver/loopback/loopback.h"
#include "sim/check/reads.h"
#include "sim/net/pipe.h"

namespace mizzen::sim {
namespace {

std::string place_of(const api::ResourceInfo& resource, const std::string& ns, const std::string& name) {
  return ns.empty() ? fmt::format("{} {}", resource.plural, name)
                    : fmt::format("{} {}/{}", resource.plural, ns, name);
}
std::string slash(const std::string& subresource) { return subresource.empty() ? "" : "/" + subresource; }

std::string outcome(const Result<client::Object>& result) {
  return result.ok() ? result->meta().resourceVersion : result.error().message();
}
std::string outcome(const Result<client::ObjectList>& result) {
  return result.ok() ? result->resource_version : result.error().message();
}

/// An answer to an update that was not carried out.
client::Object falsely(const client::Object& object) {
  machinery::MutableObject out(object);
  out.meta().resourceVersion = "999999999";
  return std::move(out).freeze();
}

int64_t number(const std::string& revision) { return std::strtoll(revision.c_str(), nullptr, 10); }

/// How many revisions a watch tells again at most, and how far in the past a view begins.
constexpr uint64_t kRepeatedMax = 20;
constexpr uint64_t kBehindMax = 50;

/// True of writes that a cluster's state does not come from.
bool is_aside(const std::string& what) {
  return what.find(" leases ") != std::string::npos || what.find(" events ") != std::string::npos;
}

/// The end of a watch that the component lets go of.
class Held final : public client::Watch {
 public:
  explicit Held(std::shared_ptr<Pipe> pipe) : pipe_(std::move(pipe)) {}
  ~Held() override { pipe_->close(); }

 private:
  const std::shared_ptr<Pipe> pipe_;
};

}  // namespace

Client::Client(World& world, Server& server, std::string who, auth::User user)
    : world_(world),
      server_(server),
      who_(std::move(who)),
      user_(std::move(user)),
      registry_(api::builtin()) {}

Client::~Client() = default;

void Client::kill() {
  killed_ = true;
  for (const auto& each : std::exchange(pipes_, {}))
    if (const auto pipe = each.lock()) pipe->end(unreachable(), true);
}

api::RegistryPtr Client::registry() const { return registry_; }

Error Client::unreachable() const {
  return Error(Code::ServiceUnavailable, "the server could not be reached");
}

template <typename F>
auto Client::over_the_net(const std::string& what, const F& f)
    -> decltype(f(std::declval<client::ApiClient&>())) {
  world_.fibers.pause(world_.faults.delay());
  const auto life = server_.life();
  if (killed_ || !life || world_.faults.lose_request()) return unreachable();
  apiserver::Loopback api({life->core, life->authorizer}, user_);
  if (!what.empty()) check_leads(what);
  auto result = f(api);
  if (!what.empty()) world_.trace.add(who_, fmt::format("{}: {}", what, outcome(result)));
  if (!what.empty() && !is_aside(what) && result.ok() &&
      world_.perturbation.after_write(who_, world_.log->newest(), world_.clock.monotonic()))
    kill();
  world_.fibers.pause(world_.faults.delay());
  if (killed_ || world_.faults.lose_answer()) return unreachable();
  return result;
}

void Client::check_leads(const std::string& what) {
  if (!who_.starts_with("controllers-") || what.find("leases kube-system/") != std::string::npos) return;
  const std::string& holder = world_.log->holder("kube-controller-manager");
  if (!holder.starts_with(who_ + "_"))
    world_.violate(fmt::format("{} writes ({}) while {} leads", who_, what, holder));
}

Result<client::Object> Client::acknowledged(const api::ResourceInfo& resource,
                                            Result<client::Object> answer) {
  if (!answer.ok()) return answer;
  const auto& meta = answer->meta();
  const std::string key =
      apiserver::storage_prefix(resource) + apiserver::entry_key(meta.namespace_, meta.name);
  world_.acknowledged = std::max(world_.acknowledged, number(meta.resourceVersion));
  if (!world_.log->has(key, number(meta.resourceVersion)))
    world_.violate(fmt::format("a write of {} was answered with revision {}, which it never had", key,
                               meta.resourceVersion));
  return answer;
}

Result<client::Object> Client::get(const api::ResourceInfo& resource, const std::string& ns,
                                   const std::string& name, const client::Call& call) {
  auto found = over_the_net("", [&](client::ApiClient& api) {
    const int64_t acknowledged = world_.acknowledged;
    auto read = api.get(resource, ns, name, call);
    if (read.ok() || read.error().code() == Code::NotFound)
      world_.violate(wrong_get(*world_.log,
                               apiserver::storage_prefix(resource) + apiserver::entry_key(ns, name),
                               read.ok() ? number(read->meta().resourceVersion) : 0, acknowledged));
    return read;
  });
  if (!found.ok() && found.error().code() == Code::ServiceUnavailable &&
      world_.mutated(Mutation::ErrorIsNotFound, 1))
    return Error(Code::NotFound, "not found, says the fault that was put in");
  return found;
}

Result<client::ObjectList> Client::list(const api::ResourceInfo& resource, const client::ListOptions& options,
                                        const client::Call& call) {
  return over_the_net("", [&](client::ApiClient& api) {
    const int64_t acknowledged = world_.acknowledged;
    auto read = api.list(resource, options, call);
    if (read.ok()) world_.violate(wrong_list(*world_.log, resource, options, *read, acknowledged));
    return read;
  });
}

Result<client::Object> Client::create(const api::ResourceInfo& resource, const client::Object& object,
                                      const client::WriteOptions& options, const client::Call& call) {
  const auto& meta = object.meta();
  const std::string name = meta.name.empty() ? meta.generateName + "*" : meta.name;
  return over_the_net("create " + place_of(resource, meta.namespace_, name) + slash(options.subresource),
                      [&](client::ApiClient& api) -> Result<client::Object> {
                        auto made = api.create(resource, object, options, call);
                        return options.subresource.empty() ? acknowledged(resource, std::move(made)) : made;
                      });
}

Result<client::Object> Client::update(const api::ResourceInfo& resource, const client::Object& object,
                                      const client::WriteOptions& options, const client::Call& call) {
  const auto& meta = object.meta();
  return over_the_net("update " + place_of(resource, meta.namespace_, meta.name) + slash(options.subresource),
                      [&](client::ApiClient& api) -> Result<client::Object> {
                        if (world_.mutated(Mutation::FalseAnswer, 0.02))
                          return acknowledged(resource, falsely(object));
                        return acknowledged(resource, api.update(resource, object, options, call));
                      });
}

Result<client::Object> Client::patch(const api::ResourceInfo& resource, const std::string& ns,
                                     const std::string& name, client::PatchType type, const std::string& body,
                                     const client::WriteOptions& options, const client::Call& call) {
  return over_the_net(
      "patch " + place_of(resource, ns, name) + slash(options.subresource), [&](client::ApiClient& api) {
        return acknowledged(resource, api.patch(resource, ns, name, type, body, options, call));
      });
}

Result<client::Object> Client::remove(const api::ResourceInfo& resource, const std::string& ns,
                                      const std::string& name, const meta::v1::DeleteOptions& options,
                                      const client::Call& call) {
  return over_the_net("delete " + place_of(resource, ns, name),
                      [&](client::ApiClient& api) { return api.remove(resource, ns, name, options, call); });
}

std::unique_ptr<client::Watch> Client::watch(const api::ResourceInfo& resource,
                                             const client::ListOptions& asked, client::WatchSink sink) {
  client::ListOptions options = asked;
  std::optional<View> view;
  const auto life = server_.life();
  const bool reached = !killed_ && life && !world_.faults.lose_request();
  if (reached) {
    apiserver::Loopback api({life->core, life->authorizer}, user_);
    view = view_in_the_past(api, resource, options);
    const int64_t told = number(options.resource_version);
    if (!view && told > 1 && world_.faults.repeat_watch())
      options.resource_version =
          std::to_string(told - static_cast<int64_t>(world_.random.below(
                                    std::min<uint64_t>(static_cast<uint64_t>(told), kRepeatedMax))));
  }
  auto pipe =
      std::make_shared<Pipe>(world_, who_, WatchCheck(*world_.log, resource, options), std::move(sink));
  if (reached) {
    if (view) pipe->begin_with(std::move(view->events), view->held);
    apiserver::Loopback api({life->core, life->authorizer}, user_);
    pipe->attach(life, api.watch(resource, options, pipe->inlet()));
    std::erase_if(pipes_, [](const auto& each) { return each.expired(); });
    pipes_.push_back(pipe);
  } else {
    pipe->end(unreachable(), true);
  }
  pipe->open();
  return std::make_unique<Held>(pipe);
}

std::optional<Client::View> Client::view_in_the_past(client::ApiClient& api,
                                                     const api::ResourceInfo& resource,
                                                     client::ListOptions& options) {
  if (!options.send_initial_events || !options.resource_version.empty()) return std::nullopt;
  const Monotonic now = world_.clock.monotonic();
  View out;
  std::optional<int64_t> at = world_.perturbation.view_of(who_, now);
  out.held = world_.perturbation.stays_behind(now);
  if (!at && world_.faults.old_view()) {
    at = std::max<int64_t>(1, world_.log->newest() - static_cast<int64_t>(world_.random.below(kBehindMax)));
    out.held = world_.faults.lag();
  }
  if (!at) return std::nullopt;
  client::ListOptions past = options;
  past.resource_version = std::to_string(*at);
  past.resource_version_match = "Exact";
  past.send_initial_events = false;
  auto list = api.list(resource, past, {});
  if (!list.ok()) return std::nullopt;  // history does not go back so far
  for (client::Object& object : list->items)
    out.events.push_back({client::WatchEvent::Type::Added, std::move(object)});
  machinery::MutableObject end(resource.message());
  end.meta().resourceVersion = past.resource_version;
  end.meta().annotations.set("k8s.io/initial-events-end", "true");
  out.events.push_back({client::WatchEvent::Type::Bookmark, std::move(end).freeze()});
  options.resource_version = past.resource_version;
  options.send_initial_events = false;
  world_.trace.add(who_, fmt::format("sees {} as of revision {}", resource.plural, *at));
  return out;
}

}  // namespace mizzen::sim
