#include "kubelet/node/node_manager.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/node/conditions.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kEvery = client::kNodeLeaseRenewed;
constexpr auto kNotReadyEvery = milliseconds(100);  // the first Ready is told fast
constexpr auto kReportAtLeastEvery = std::chrono::minutes(5);
constexpr auto kRetryFirst = milliseconds(100);
constexpr auto kRetryMax = seconds(7);
constexpr int kConflictTriesMax = 5;
constexpr Duration kTellAgain = std::chrono::minutes(1);

const api::core::v1::NodeCondition* condition(const Node& node, std::string_view type) {
  for (const auto& c : node.status.conditions) {
    if (c.type == type) return &c;
  }
  return nullptr;
}

bool is_ready(const Node& node) { return client::says(node.status.conditions, "Ready"); }

}  // namespace

void NodeManager::start() {
  thread_ = Thread("node-status", [this] { run(); });
}

void NodeManager::stop() {
  stop_.stop();
  thread_.join();
}

codec::Map<codec::Quantity> NodeManager::allocatable() const {
  return allocatable_.with([](const auto& a) { return a; });
}

/// Says what went wrong once, and again after a while: an API that is away is no news each second.
void NodeManager::tell_trouble(std::string_view what, const Error& error) {
  const auto now = deps_.clock.monotonic();
  const std::string text = std::string(what) + ": " + error.message();
  if (text == told_ && now < later(told_at_, kTellAgain)) return;
  told_ = text;
  told_at_ = now;
  log::warn("kubelet", what, {log::kv("error", error.message())});
}

void NodeManager::run() {
  const auto token = stop_.token();
  Duration retry = kRetryFirst;
  Monotonic lease_due{}, report_due{};
  bool registered = false;
  while (!token.stopped()) {
    const auto now = deps_.clock.monotonic();
    Result<void> done;
    if (!registered) {
      done = register_node();
      if (done.ok()) {
        registered = true;
        lease_.emplace(deps_.facts().name);
        lease_due = report_due = now;
      } else {
        tell_trouble("Cannot register node", done.error());
      }
    }
    if (registered && now >= report_due) {
      done = report_status();
      // Somebody deleted it: this agent lives, and says so anew.
      registered = done.ok() || done.error().code() != Code::NotFound;
      if (!done.ok()) tell_trouble("Cannot report node status", done.error());
      // The first Ready, and the end of a problem, are told fast.
      if (done.ok()) report_due = now + (told_ready_ ? Duration(kEvery) : Duration(kNotReadyEvery));
    }
    if (registered && now >= lease_due) {
      const auto renewed = lease_->renew(deps_.api, uid_, deps_.clock.wall());
      if (!renewed.ok()) tell_trouble("Cannot renew lease", renewed.error());
      lease_due = now + (renewed.ok() ? Duration(kEvery) : Duration(seconds(1)));
    }
    retry = done.ok() ? Duration(kRetryFirst) : std::min<Duration>(retry * 2, kRetryMax);
    const auto next = done.ok() ? std::min(report_due, lease_due) : deps_.clock.monotonic() + retry;
    if (token.wait_until(Deadline::at(std::max(next, deps_.clock.monotonic() + kNotReadyEvery), deps_.clock)))
      return;
  }
}

Result<void> NodeManager::register_node() {
  const auto facts = deps_.facts();
  auto found = client::get<Node>(deps_.api, "", facts.name, {});
  if (!found.ok()) {
    if (found.error().code() != Code::NotFound) return found.error();
    Node node;
    fill_node_metadata(node, facts);
    fill_node_status(node, facts, deps_.clock.wall());
    auto made = client::create<Node>(deps_.api, std::move(node), {});
    if (!made.ok()) return made.error();
    uid_ = (*made)->metadata.uid;
    log::info("kubelet", "Node registered", {log::kv("node", facts.name)});
  } else {
    uid_ = (*found)->metadata.uid;
    Node node = **found;
    fill_node_metadata(node, facts);
    if (!codec::equal(node.metadata, (*found)->metadata)) {
      auto updated = client::update<Node>(deps_.api, std::move(node), {});
      if (!updated.ok()) return updated.error();
    }
  }
  deps_.events.node_event(false, "Starting", "Starting kubelet.");
  return {};
}

void NodeManager::tell_changes(const Node& before, const Node& after) {
  const auto tell = [&](std::string_view type, const char* when_true, const char* when_false,
                        bool true_warns) {
    const auto* now = condition(after, type);
    const auto* then = condition(before, type);
    if (!now || (!first_report_ && then && then->status == now->status)) return;
    const bool value = now->status == "True";
    const char* reason = value ? when_true : when_false;
    deps_.events.node_event(value && true_warns, reason,
                            fmt::format("Node {} status is now: {}", after.metadata.name, reason));
  };
  tell("MemoryPressure", "NodeHasInsufficientMemory", "NodeHasSufficientMemory", false);
  tell("DiskPressure", "NodeHasDiskPressure", "NodeHasNoDiskPressure", false);
  tell("PIDPressure", "NodeHasInsufficientPID", "NodeHasSufficientPID", false);
  const auto& boot = before.status.nodeInfo.bootID;
  if (!boot.empty() && boot != after.status.nodeInfo.bootID) {
    deps_.events.node_event(true, "Rebooted",
                            fmt::format("Node {} has been rebooted, boot id: {}", after.metadata.name,
                                        after.status.nodeInfo.bootID));
  }
  const auto* ready = condition(before, "Ready");
  if (!ready || (ready->status == "True") != is_ready(after) || (first_report_ && is_ready(after))) {
    const char* reason = is_ready(after) ? "NodeReady" : "NodeNotReady";
    deps_.events.node_event(false, reason,
                            fmt::format("Node {} status is now: {}", after.metadata.name, reason));
  }
}

Result<void> NodeManager::report_status() {
  const auto facts = deps_.facts();
  for (int i = 0; i < kConflictTriesMax; ++i) {
    MZ_ASSIGN(const auto now, client::get<Node>(deps_.api, "", facts.name, {}));
    Node next = *now;
    fill_node_status(next, facts, deps_.clock.wall());
    allocatable_.with([&](auto& a) { a = next.status.allocatable; });
    const bool due = !reported_ || deps_.clock.monotonic() - *reported_ >= kReportAtLeastEvery;
    told_ready_ = is_ready(next);
    if (!due && !node_status_changed(*now, next)) return {};
    const Node after = next;
    auto updated = client::update_status<Node>(deps_.api, std::move(next), {});
    if (!updated.ok()) {
      if (updated.error().code() == Code::Conflict) continue;
      return updated.error();
    }
    reported_ = deps_.clock.monotonic();
    tell_changes(*now, after);
    first_report_ = false;
    return {};
  }
  return Error(Code::Conflict, "the node keeps changing");
}

}  // namespace mizzen::kubelet
