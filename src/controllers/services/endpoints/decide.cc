#include "controllers/services/endpoints/decide.h"

#include <algorithm>
#include <map>

#include "base/strings.h"

namespace mizzen::controllers::endpoints {
namespace {

constexpr const char* kManagedBy = "endpointslice.kubernetes.io/managed-by";
constexpr const char* kController = "endpointslice-controller.k8s.io";
constexpr const char* kServiceName = "kubernetes.io/service-name";

/// The number of a service's target port in this pod; 0 where the pod has no port of that name.
int32_t target_port(const Pod& pod, const api::core::v1::ServicePort& port) {
  const auto& target = port.targetPort;
  if (!target.is_string) return target.number != 0 ? target.number : port.port;
  for (const auto& container : pod.spec.containers)
    for (const auto& p : container.ports)
      if (p.name == target.text &&
          (p.protocol.empty() ? "TCP" : p.protocol) == (port.protocol.empty() ? "TCP" : port.protocol))
        return p.containerPort;
  return 0;
}

bool has_address(const Pod& pod) {
  return !pod.status.podIP.empty() && pod.status.phase != "Succeeded" && pod.status.phase != "Failed";
}

api::core::v1::ObjectReference pod_reference(const Pod& pod) {
  api::core::v1::ObjectReference out;
  out.kind = "Pod";
  out.namespace_ = pod.metadata.namespace_;
  out.name = pod.metadata.name;
  out.uid = pod.metadata.uid;
  return out;
}

}  // namespace

Endpoints desired_endpoints(const Service& service, const std::vector<PodPtr>& pods,
                            const Endpoints& present) {
  Endpoints out = present;
  out.metadata.name = service.metadata.name;
  out.metadata.namespace_ = service.metadata.namespace_;
  out.metadata.labels = service.metadata.labels;
  out.metadata.labels.set("endpoints.kubernetes.io/managed-by", "endpoint-controller");
  if (service.spec.clusterIP == "None") out.metadata.labels.set("service.kubernetes.io/headless", "");
  out.subsets.clear();
  // One subset for each set of ports; addresses in order of IP.
  std::map<std::string, api::core::v1::EndpointSubset> subsets;
  size_t addresses = 0;
  for (const PodPtr& pod : pods) {
    if (!has_address(*pod) || (pod->metadata.deletionTimestamp && !service.spec.publishNotReadyAddresses))
      continue;
    if (addresses++ >= kEndpointsMax) break;
    std::vector<api::core::v1::EndpointPort> ports;
    std::string key;
    for (const auto& port : service.spec.ports) {
      const int32_t number = target_port(*pod, port);
      if (number == 0) continue;
      auto& p = ports.emplace_back();
      p.name = port.name;
      p.port = number;
      p.protocol = port.protocol;
      p.appProtocol = port.appProtocol;
      key += port.name + "/" + std::to_string(number) + "/" + port.protocol + " ";
    }
    if (ports.empty() && !service.spec.ports.empty()) continue;
    api::core::v1::EndpointSubset& subset = subsets[key];
    subset.ports = std::move(ports);
    api::core::v1::EndpointAddress address;
    address.ip = pod->status.podIP;
    address.nodeName = pod->spec.nodeName;
    address.targetRef.ensure() = pod_reference(*pod);
    if (!pod->spec.hostname.empty() && pod->spec.subdomain == service.metadata.name)
      address.hostname = pod->spec.hostname;
    (is_ready(*pod) || service.spec.publishNotReadyAddresses ? subset.addresses : subset.notReadyAddresses)
        .push_back(std::move(address));
  }
  for (auto& [key, subset] : subsets) {
    const auto by_ip = [](const auto& a, const auto& b) { return a.ip < b.ip; };
    std::sort(subset.addresses.begin(), subset.addresses.end(), by_ip);
    std::sort(subset.notReadyAddresses.begin(), subset.notReadyAddresses.end(), by_ip);
    out.subsets.push_back(std::move(subset));
  }
  if (pods.size() > kEndpointsMax) {
    out.metadata.annotations.set("endpoints.kubernetes.io/over-capacity", "truncated");
  } else {
    out.metadata.annotations.erase("endpoints.kubernetes.io/over-capacity");
  }
  return out;
}

namespace {

template <typename T>
bool same_list(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const T& x, const T& y) { return codec::equal(x, y); });
}
bool same_ports(const EndpointSlice& a, const EndpointSlice& b) { return same_list(a.ports, b.ports); }
bool same_endpoints(const EndpointSlice& a, const EndpointSlice& b) {
  return same_list(a.endpoints, b.endpoints);
}

}  // namespace

SlicePlan plan_slices(const Service& service, const std::vector<PodPtr>& pods,
                      const std::vector<EndpointSlice>& present) {
  SlicePlan out;
  std::map<std::string, EndpointSlice> wanted;  // by ports; each is then cut into slices
  for (const PodPtr& pod : pods) {
    if (!has_address(*pod)) continue;
    std::string key;
    std::vector<api::discovery::v1::EndpointPort> ports;
    for (const auto& port : service.spec.ports) {
      const int32_t number = target_port(*pod, port);
      if (number == 0) continue;
      auto& p = ports.emplace_back();
      p.name = port.name;
      p.port = number;
      p.protocol = port.protocol.empty() ? "TCP" : port.protocol;
      p.appProtocol = port.appProtocol;
      key += port.name + "/" + std::to_string(number) + "/" + port.protocol + " ";
    }
    if (ports.empty() && !service.spec.ports.empty()) continue;
    EndpointSlice& slice = wanted[key];
    slice.ports = std::move(ports);
    auto& endpoint = slice.endpoints.emplace_back();
    endpoint.addresses = {pod->status.podIP};
    const bool serving = is_ready(*pod), terminating = pod->metadata.deletionTimestamp.has_value();
    endpoint.conditions.ready = service.spec.publishNotReadyAddresses || (serving && !terminating);
    endpoint.conditions.serving = serving;
    endpoint.conditions.terminating = terminating;
    if (!pod->spec.nodeName.empty()) endpoint.nodeName = pod->spec.nodeName;
    endpoint.targetRef.ensure() = pod_reference(*pod);
    if (!pod->spec.hostname.empty() && pod->spec.subdomain == service.metadata.name)
      endpoint.hostname = pod->spec.hostname;
  }
  if (wanted.empty()) wanted[""] = EndpointSlice();  // a placeholder, as upstream keeps one
  std::vector<EndpointSlice> slices;
  for (auto& [key, all] : wanted) {
    std::sort(all.endpoints.begin(), all.endpoints.end(),
              [](const auto& a, const auto& b) { return a.addresses < b.addresses; });
    for (size_t from = 0; from == 0 || from < all.endpoints.size(); from += kSliceMax) {
      EndpointSlice slice;
      slice.addressType = "IPv4";
      slice.ports = all.ports;
      const size_t to = std::min(all.endpoints.size(), from + kSliceMax);
      slice.endpoints.assign(all.endpoints.begin() + static_cast<ptrdiff_t>(from),
                             all.endpoints.begin() + static_cast<ptrdiff_t>(to));
      slice.metadata.generateName = service.metadata.name + "-";
      slice.metadata.namespace_ = service.metadata.namespace_;
      slice.metadata.labels = service.metadata.labels;
      slice.metadata.labels.set(kServiceName, service.metadata.name);
      slice.metadata.labels.set(kManagedBy, kController);
      if (service.spec.clusterIP == "None") slice.metadata.labels.set("service.kubernetes.io/headless", "");
      slice.metadata.ownerReferences = {controller_reference("v1", "Service", service.metadata)};
      slices.push_back(std::move(slice));
    }
  }
  // What a slice holds stays in it: those that are right as they are first, then those of the same ports,
  // then any that is left over, in order of name. A reader never finds a pod in two slices because one was
  // rewritten.
  std::vector<const EndpointSlice*> reused(slices.size());
  std::vector<bool> taken(present.size());
  const auto reuse = [&](const auto& fits) {
    for (size_t i = 0; i < slices.size(); ++i)
      for (size_t j = 0; j < present.size() && !reused[i]; ++j)
        if (!taken[j] && fits(slices[i], present[j])) {
          reused[i] = &present[j];
          taken[j] = true;
        }
  };
  reuse([](const EndpointSlice& s, const EndpointSlice& there) {
    return same_ports(s, there) && same_endpoints(s, there);
  });
  reuse(same_ports);
  reuse([](const EndpointSlice&, const EndpointSlice&) { return true; });
  for (size_t i = 0; i < slices.size(); ++i) {
    if (!reused[i]) {
      out.create.push_back(std::move(slices[i]));
      continue;
    }
    EndpointSlice next = *reused[i];
    next.endpoints = slices[i].endpoints;
    next.ports = slices[i].ports;
    next.metadata.labels = slices[i].metadata.labels;
    if (!codec::equal(next, *reused[i])) out.update.push_back(std::move(next));
  }
  for (size_t j = 0; j < present.size(); ++j)
    if (!taken[j]) out.remove.push_back(present[j]);
  return out;
}

}  // namespace mizzen::controllers::endpoints
