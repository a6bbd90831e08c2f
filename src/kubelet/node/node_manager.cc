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

void NodeManager::run() {
  const auto token = stop_.token();
  Duration retry = kRetryFirst;
  while (!token.stopped()) {
    const auto done = register_node();
    if (done.ok()) break;
    log::warn("kubelet", "Cannot register node", {log::kv("error", done.error().message())});
    if (token.wait_until(Deadline::after(retry, deps_.clock))) return;
    retry = std::min<Duration>(retry * 2, kRetryMax);
  }
  lease_.emplace(deps_.facts().name);
  Monotonic lease_due = deps_.clock.monotonic();
  while (!token.stopped()) {
    if (deps_.clock.monotonic() >= lease_due) {
      const auto renewed = lease_->renew(deps_.api, uid_, deps_.clock.wall());
      if (!renewed.ok())
        log::warn("kubelet", "Cannot renew lease", {log::kv("error", renewed.error().message())});
      lease_due = deps_.clock.monotonic() + (renewed.ok() ? Duration(kEvery) : Duration(seconds(1)));
    }
    const auto reported = report_status();
    if (!reported.ok())
      log::warn("kubelet", "Cannot report node status", {log::kv("error", reported.error().message())});
    const auto facts = deps_.facts();
    const bool settling =
        first_report_ || !reported.ok() || !facts.runtime_problem.empty() || !facts.network_problem.empty();
    const auto next = deps_.clock.monotonic() + (settling ? Duration(kNotReadyEvery) : Duration(kEvery));
    if (token.wait_until(Deadline::at(
            std::min(next, std::max(lease_due, deps_.clock.monotonic() + kNotReadyEvery)), deps_.clock)))
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
    if (!due && !node_status_changed(*now, next)) return {};
    const Node after = next;
    auto updated = client::update_status<Node>(deps_.api, std::move(next), {});
    if (!updated.ok()) {
      if (updated.error().code() == Code::Conflict) continue;
      if (updated.error().code() == Code::NotFound) return register_node();
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
