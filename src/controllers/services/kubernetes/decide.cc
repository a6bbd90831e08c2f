#include "controllers/services/kubernetes/decide.h"

namespace mizzen::controllers::kubernetes_service {

namespace {

constexpr const char* kName = "kubernetes";
constexpr const char* kPortName = "https";
constexpr int32_t kServicePort = 443;

template <typename T>
std::optional<T> if_changed(T next, const T& present) {
  if (codec::equal(next, present)) return std::nullopt;
  return next;
}

}  // namespace

Service wanted_service(const ApiAddress& at) {
  Service s;
  s.metadata.name = kName;
  s.metadata.namespace_ = "default";
  s.metadata.labels.set("component", "apiserver");
  s.metadata.labels.set("provider", "kubernetes");
  s.spec.type = "ClusterIP";
  s.spec.clusterIP = at.service_ip;
  s.spec.ipFamilyPolicy = "SingleStack";
  s.spec.sessionAffinity = "None";
  auto& port = s.spec.ports.emplace_back();
  port.name = kPortName;
  port.protocol = "TCP";
  port.port = kServicePort;
  port.targetPort = at.port;
  return s;
}

std::optional<Endpoints> corrected(const Endpoints& present, const ApiAddress& at) {
  Endpoints next = present;
  next.metadata.name = kName;
  next.metadata.namespace_ = "default";
  next.metadata.labels.set("endpointslice.kubernetes.io/skip-mirror", "true");
  next.subsets.clear();
  auto& subset = next.subsets.emplace_back();
  subset.addresses.emplace_back().ip = at.ip;
  auto& port = subset.ports.emplace_back();
  port.name = kPortName;
  port.port = at.port;
  port.protocol = "TCP";
  return if_changed(std::move(next), present);
}

std::optional<EndpointSlice> corrected(const EndpointSlice& present, const ApiAddress& at) {
  EndpointSlice next = present;
  next.metadata.name = kName;
  next.metadata.namespace_ = "default";
  next.metadata.labels.set("kubernetes.io/service-name", kName);
  next.addressType = "IPv4";
  next.endpoints.clear();
  auto& endpoint = next.endpoints.emplace_back();
  endpoint.addresses.push_back(at.ip);
  endpoint.conditions.ready = true;
  next.ports.clear();
  auto& port = next.ports.emplace_back();
  port.name = kPortName;
  port.port = at.port;
  port.protocol = "TCP";
  return if_changed(std::move(next), present);
}

}  // namespace mizzen::controllers::kubernetes_service
