#include "hollow/node.h"

#include <algorithm>

#include "client/node/conditions.h"
#include "hollow/pauses.h"

namespace mizzen::hollow {
namespace {

using client::Outcome;

constexpr Duration kLeaseTimeout = client::kNodeLeaseRenewed;
constexpr int kReportTriesMax = 5;

/// What was watched is only looked at, never kept.
client::Informer::Options told_of(std::string field_selector) {
  client::Informer::Options out;
  out.scope.field_selector = std::move(field_selector);
  out.keeps_objects = false;
  return out;
}

bool is_gone(const Error& error) { return error.code() == Code::NotFound; }
bool is_ready(const NodeObject& node) { return client::says(node.status.conditions, "Ready"); }

}  // namespace

Node::Node(Deps deps, uint32_t number, NodeShape shape, NodePods::Options pods, PodAddresses addresses)
    : deps_(deps),
      number_(number),
      shape_(std::move(shape)),
      pods_(deps.runtime, std::move(pods), std::move(addresses)),
      pods_watch_(*client::require_resource<Pod>(deps.api), {deps.api, deps.runtime},
                  told_of("spec.nodeName=" + shape_.name)),
      node_watch_(*client::require_resource<NodeObject>(deps.api), {deps.api, deps.runtime},
                  told_of("metadata.name=" + shape_.name)),
      lease_(shape_.name) {
  client::InformerHandler pods_told;
  pods_told.on_add = [this](const client::Seen& pod) {
    const std::string key = pod.key();
    pods_.see(key, pod.share<Pod>());
    deps_.listener.look(number_, key);
  };
  pods_told.on_delete = [this](const client::Seen& pod) { pods_.forget(pod.key(), *pod.as<Pod>()); };
  pods_told.on_listed = [this](const std::set<std::string>& uids) {
    for (const std::string& key : pods_.listed(uids)) deps_.listener.look(number_, key);
    {
      Lock lock(m_);
      if (std::exchange(told_settled_, true)) return;
    }
    deps_.listener.settled(number_);
  };
  pods_watch_.add_handler(std::move(pods_told));
  client::InformerHandler node_told;
  node_told.on_add = [this](const client::Seen& node) { see_node(*node.as<NodeObject>()); };
  node_told.on_delete = [this](const client::Seen&) { lose_node(); };
  node_told.on_listed = [this](const std::set<std::string>& uids) {
    if (uids.empty()) lose_node();
  };
  node_watch_.add_handler(std::move(node_told));
}

void Node::stop() {
  pods_watch_.stop();
  node_watch_.stop();
}

void Node::see_node(const NodeObject& node) {
  {
    Lock lock(m_);
    uid_ = node.metadata.uid;
    seen_unready_ = !is_ready(node);
    if (!seen_unready_) return;
  }
  deps_.listener.beat_now(number_);
}

void Node::lose_node() {
  {
    Lock lock(m_);
    uid_.clear();
  }
  deps_.listener.beat_now(number_);
}

void Node::start_watches() {
  if (std::exchange(watching_, true)) return;
  pods_watch_.start();
  node_watch_.start();
}

Result<void> Node::sign_in() {
  const Runtime& runtime = deps_.runtime;
  auto made = client::create<NodeObject>(deps_.api,
                                         reported(registered({}, shape_), shape_, runtime.clock.wall()), {});
  // One that is there may be of a life before this one: it is to say what this one has.
  if (!made.ok() && made.error().code() == Code::AlreadyExists) return report();
  if (!made.ok()) return made.error();
  report_at_ = runtime.clock.monotonic() + until_report(runtime.random);
  Lock lock(m_);
  uid_ = (*made)->metadata.uid;
  seen_unready_ = false;
  return {};
}

Result<void> Node::report() {
  const Runtime& runtime = deps_.runtime;
  for (int tries = 0; tries < kReportTriesMax; ++tries) {
    const auto found = client::get<NodeObject>(deps_.api, "", shape_.name, {});
    if (!found.ok()) {
      if (is_gone(found.error())) lose_node();
      return found.error();
    }
    const bool due = runtime.clock.monotonic() >= report_at_;
    if (due || !is_ready(**found)) {
      const auto written =
          client::update_status(deps_.api, reported(**found, shape_, runtime.clock.wall()), {});
      if (!written.ok() && written.error().code() == Code::Conflict) continue;
      if (!written.ok()) return written.error();
      report_at_ = runtime.clock.monotonic() + until_report(runtime.random);
    }
    Lock lock(m_);
    uid_ = (*found)->metadata.uid;
    seen_unready_ = false;
    return {};
  }
  return Error(Code::Conflict, "the node keeps changing");
}

Outcome Node::beat() {
  const Runtime& runtime = deps_.runtime;
  std::string uid;
  bool unready = false;
  {
    Lock lock(m_);
    uid = uid_;
    unready = seen_unready_;
  }
  Result<void> done;
  if (uid.empty()) {
    done = sign_in();
  } else if (unready || runtime.clock.monotonic() >= report_at_) {
    done = report();
  }
  if (done.ok() && runtime.clock.monotonic() >= renew_at_) {
    if (uid.empty()) {
      Lock lock(m_);
      uid = uid_;
    }
    done = lease_.renew(deps_.api, uid, runtime.clock.wall(), {.timeout = kLeaseTimeout});
    if (done.ok()) {
      const Duration pause =
          renewals_++ == 0 ? until_second_renewal(runtime.random) : until_renewal(runtime.random);
      renew_at_ = runtime.clock.monotonic() + pause;
    }
  }
  if (!done.ok()) return Outcome::later(pause_after(++failures_, runtime.random));
  failures_ = 0;
  start_watches();
  return Outcome::later(std::max<Duration>(renew_at_ - runtime.clock.monotonic(), Duration(1)));
}

Outcome Node::look_after(const std::string& key) {
  auto [pod, step] = pods_.next(key);
  const auto outcome = [&](const auto& written) {
    return written.ok() || is_gone(written.error()) ? Outcome::done() : Outcome::later(pods_.failed(key));
  };
  switch (step.kind) {
    case Step::Kind::Wait:
      return Outcome::later(step.again);
    case Step::Kind::Report: {
      Pod next = *pod;
      next.status = std::move(step.status);
      return outcome(client::update_status(deps_.api, std::move(next), {}));
    }
    case Step::Kind::Remove: {
      meta::v1::DeleteOptions options;
      options.gracePeriodSeconds = 0;
      options.preconditions.ensure().uid = pod->metadata.uid;
      const auto [ns, name] = client::split_key(key);
      return outcome(client::remove<Pod>(deps_.api, ns, name, options, {}));
    }
  }
  return Outcome::done();
}

}  // namespace mizzen::hollow
