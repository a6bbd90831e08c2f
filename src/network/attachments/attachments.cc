#include "network/attachments/attachments.h"

#include <fmt/format.h>

#include "network/plan/addresses.h"
#include "network/plan/host_ports.h"
#include "telemetry/log.h"

namespace mizzen::network {
namespace {

constexpr std::string_view kLog = "network";
constexpr size_t kContainerIdMax = 128;
constexpr size_t kInterfaceMax = 15;

Result<void> check_key(const AttachmentKey& key) {
  const auto& id = key.container_id;
  if (id.empty() || id.size() > kContainerIdMax || id.find_first_of("/ \n") != std::string::npos ||
      id == "." || id == "..")
    return Error(Code::BadRequest, "not a container id: " + id);
  if (key.interface.empty() || key.interface.size() > kInterfaceMax ||
      key.interface.find_first_of("/ \n:") != std::string::npos)
    return Error(Code::BadRequest, "not a name for an interface: " + key.interface);
  return {};
}

/// What cannot be looked at now (no descriptor is free, say) lives.
bool lives(const PodAttachment& pod) {
  const auto space = linux::namespace_at(pod.network_namespace);
  return space.ok() ? *space == pod.space : space.error().code() != Code::NotFound;
}

}  // namespace

Attachments::Attachments(NodeSettings node, Remembered remembered, Journal& journal, DataPlane& plane)
    : journal_(journal),
      plane_(plane),
      plan_{std::move(node), std::move(remembered.pods)},
      last_(remembered.last) {}

NodePlan Attachments::plan() const {
  Lock lock(m_);
  return plan_;
}

std::optional<PodAttachment> Attachments::find(const AttachmentKey& key) const {
  Lock lock(m_);
  const auto found = plan_.pods.find(key);
  return found == plan_.pods.end() ? std::nullopt : std::optional(found->second);
}

Result<PodAttachment> Attachments::attach(const AttachRequest& request, Deadline deadline) {
  MZ_TRY(check_key(request.key));
  MZ_TRY(check_host_ports(request.ports));
  MZ_ASSIGN(const auto space, linux::namespace_at(request.network_namespace));
  MZ_ASSIGN(const auto turn, turns_.take(request.key, deadline));
  MZ_TRY(free_ports_of_the_gone(request, deadline));
  const auto before = find(request.key);
  const bool had_ports = before && !before->ports.empty();
  MZ_ASSIGN(auto pod, claim(request, space));
  auto done = journal_.add(pod);
  if (done.ok()) done = carry_out(pod, had_ports || !pod.ports.empty());
  if (done.ok()) return pod;
  const auto undone = take_down(request.key);  // a later detach() would do it too
  return undone.ok() ? done.error() : done.error().with_context("after a failed clean-up");
}

Result<void> Attachments::free_ports_of_the_gone(const AttachRequest& request, Deadline deadline) {
  const auto gone_holder = [&](const HostPort& port) -> std::optional<AttachmentKey> {
    std::optional<PodAttachment> holder;
    {
      Lock lock(m_);
      if (const auto* found = holder_of(plan_, port, request.key)) holder = *found;
    }
    return holder && !lives(*holder) ? std::optional(holder->key) : std::nullopt;
  };
  for (const HostPort& port : request.ports) {
    while (const auto key = gone_holder(port)) {
      MZ_ASSIGN(const auto turn, turns_.take_also(*key, deadline));
      const auto now = find(*key);  // it may be a new one by now
      if (now && !lives(*now)) MZ_TRY(take_down(*key));
    }
  }
  return {};
}

Result<PodAttachment> Attachments::claim(const AttachRequest& request, const linux::NamespaceId& space) {
  Lock lock(m_);
  for (const HostPort& port : request.ports)
    if (const auto* holder = holder_of(plan_, port, request.key)) return taken(port, *holder);
  PodAttachment pod{.key = request.key,
                    .pod = request.pod,
                    .network_namespace = request.network_namespace,
                    .space = space,
                    .host_interface = host_interface_name(request.key),
                    .mac = {},
                    .addresses = {},
                    .ports = request.ports};
  const AddressRange& range = plan_.node.ranges.front();
  const auto before = plan_.pods.find(request.key);
  const auto kept = before != plan_.pods.end() && !before->second.addresses.empty()
                        ? parse_ipv4(before->second.addresses.front().address)
                        : std::nullopt;
  uint32_t address = 0;
  if (kept && range.pods.contains(*kept)) {
    address = *kept;
  } else {
    MZ_ASSIGN(address, next_address(range, plan_, last_));
    last_ = address;
  }
  pod.mac = mac_of(address);
  pod.addresses = {{format_ipv4(address), range.pods.bits, format_ipv4(range.gateway())}};
  plan_.pods.insert_or_assign(pod.key, pod);
  ++version_;
  return pod;
}

Result<void> Attachments::carry_out(const PodAttachment& pod, bool has_or_had_ports) {
  NodeSettings node;
  {
    Lock lock(m_);
    node = plan_.node;
  }
  if (!plane_.wire(node, pod).ok()) {
    // Somebody may have taken the bridge away.
    MZ_TRY(plane_.ensure_node(node));
    MZ_TRY(plane_.wire(node, pod));
  }
  return has_or_had_ports ? publish() : Result<void>();
}

/// Whoever waits for the one who writes finds its own part written with that of others.
Result<void> Attachments::publish() {
  uint64_t wanted = 0;
  {
    Lock lock(m_);
    wanted = version_;
  }
  Lock writing(publish_m_);
  if (published_ >= wanted) return {};
  uint64_t version = 0;
  NodePlan snapshot;
  {
    Lock lock(m_);
    version = version_;
    snapshot = plan_;
  }
  MZ_TRY(plane_.publish(snapshot));
  published_ = version;
  return {};
}

Result<void> Attachments::detach(const AttachmentKey& key, Deadline deadline) {
  MZ_TRY(check_key(key));
  MZ_ASSIGN(const auto turn, turns_.take(key, deadline));
  return take_down(key);
}

Result<void> Attachments::take_down(const AttachmentKey& key) {
  PodAttachment pod{.key = key, .host_interface = host_interface_name(key)};
  bool known = false;
  {
    Lock lock(m_);
    if (const auto found = plan_.pods.find(key); found != plan_.pods.end()) {
      known = true;
      found->second.leaving = true;
      ++version_;
      pod = found->second;
    }
  }
  if (!pod.ports.empty()) MZ_TRY(publish());
  MZ_TRY(plane_.unwire(pod));
  if (!known) return {};
  MZ_TRY(journal_.remove(key));
  Lock lock(m_);  // last: address and ports are free once nothing uses them
  plan_.pods.erase(key);
  ++version_;
  return {};
}

Result<void> Attachments::check(const AttachmentKey& key, Deadline deadline) {
  for (bool mended = false;; mended = true) {
    {
      MZ_ASSIGN(const auto turn, turns_.take(key, deadline));
      const NodePlan now = plan();
      const auto found = now.pods.find(key);
      if (found == now.pods.end())
        return Error(Code::NotFound, fmt::format("container {} has no {}", key.container_id, key.interface));
      const auto verified = plane_.verify(now, found->second);
      if (verified.ok() || mended) return verified;
    }
    MZ_ASSIGN(const auto done, resync(deadline));
  }
}

Result<void> Attachments::keep_only(const std::set<AttachmentKey>& valid, Deadline deadline) {
  Result<void> first;
  for (const auto& [key, pod] : plan().pods) {
    if (valid.contains(key)) continue;
    auto done = detach(key, deadline);
    if (!done.ok() && first.ok()) first = std::move(done);
  }
  return first;
}

Result<void> Attachments::sweep(Deadline deadline) {
  Result<void> first;
  for (const auto& [key, seen] : plan().pods) {
    if (!seen.leaving && lives(seen)) continue;
    auto turn = turns_.take(key, deadline);
    if (!turn.ok()) return turn.error();
    const auto now = find(key);
    if (!now || (!now->leaving && lives(*now))) continue;
    auto done = take_down(key);
    if (done.ok())
      log::info(kLog, "Left over", {log::kv("container", key.container_id), log::kv("pod", seen.pod)});
    if (!done.ok() && first.ok()) first = std::move(done);
  }
  return first;
}

Result<std::string> Attachments::resync(Deadline deadline) {
  const auto swept = sweep(deadline);
  MZ_ASSIGN(const bool differs, plane_.differs(plan()));
  if (!differs) return swept.ok() ? Result<std::string>(std::string()) : swept.error();
  // What is under way looks like a difference: once nothing is, only real ones are left.
  MZ_ASSIGN(const auto turn, turns_.take_all(deadline));
  MZ_ASSIGN(auto mended, plane_.reconcile(plan()));
  MZ_TRY(swept);
  return mended;
}

}  // namespace mizzen::network
