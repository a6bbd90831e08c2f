#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/kinds/core/pod/pod_containers.h"
#include "api/schema/core/v1/pod.h"
#include "base/result.h"

namespace mizzen::kubelet {

using Pod = api::core::v1::Pod;
using Container = api::core::v1::Container;

/// Small pure questions about a pod, asked in many places.

/// Where a pod came from: api, file, http. Absent for those of the API, as a rule.
inline constexpr const char* kSourceAnnotation = "kubernetes.io/config.source";
/// When a static pod's manifest was read.
inline constexpr const char* kSeenAnnotation = "kubernetes.io/config.seen";
/// What a static pod's manifest is known by; its mirror says the same in kMirrorAnnotation.
inline constexpr const char* kManifestHashAnnotation = "kubernetes.io/config.hash";
inline constexpr const char* kMirrorAnnotation = "kubernetes.io/config.mirror";
/// A pod that this node has from elsewhere than the API.
bool is_static(const Pod& pod);
/// The same, by the name of the source.
bool is_static_source(std::string_view source);
/// A pod of the API that only shows a static one.
bool is_mirror(const Pod& pod);

/// name_namespace(uid), as messages of upstream name a pod.
std::string pod_text(const Pod& pod);
using api::is_sidecar;
/// When the whole pod stops: the first is stopped before the second. Sidecars outlive the containers they
/// serve, and end in the opposite order of their start.
bool stops_before(const Pod& pod, const std::string& first, const std::string& second);
bool is_terminal(const std::string& phase);
/// What the node lives by: of the highest priorities, or not the API's. It never makes room for others.
bool is_critical(const Pod& pod);
/// Guaranteed, Burstable or BestEffort, as the API computes it.
std::string qos_class(const Pod& pod);
/// The control group of the pod: /kubepods[/burstable|/besteffort]/pod<uid>, below `root`.
std::string pod_cgroup(const Pod& pod, const std::string& root);
/// What a change of is answered with a new container: name and image.
std::string container_hash(const Container& container);
/// The container of this name among all of the pod's; nullptr where there is none.
const Container* find_container(const Pod& pod, const std::string& name);
bool is_init_container(const Pod& pod, const std::string& name);
/// The host name inside the pod (63 characters at most) and its domain, empty without a subdomain.
std::string pod_hostname(const Pod& pod);
std::string pod_domain(const Pod& pod, const std::string& cluster_domain);
/// What the kernel calls the pod: its host name, or with setHostnameAsFQDN the whole name. BadRequest, in
/// upstream's words, where the kernel has no room for it.
Result<std::string> kernel_hostname(const Pod& pod, const std::string& cluster_domain);
/// spec.containers{name}, and so for init and ephemeral ones: what an event about a container points to.
std::string container_field_path(const Pod& pod, const std::string& name);
/// Longer than anybody waits, and short enough to be reckoned with in nanoseconds.
inline constexpr int64_t kGraceMaxS = 10LL * 365 * 24 * 3600;
/// Seconds the containers get between SIGTERM and SIGKILL when the pod is taken down; kGraceMaxS at most.
int64_t grace_seconds(const Pod& pod);
/// The pod with the addresses it has or gets, told before its status is: those of the node, and its own or,
/// on the node's network, the node's.
Pod addressed(Pod pod, const std::vector<std::string>& host_ips, const std::vector<std::string>& pod_ips);

}  // namespace mizzen::kubelet
