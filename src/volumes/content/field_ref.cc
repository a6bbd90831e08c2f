#include "volumes/content/field_ref.h"

#include <fmt/format.h>
#include "api/kinds/core/pod/pod_containers.h"

#include <algorithm>
#include <optional>

#include "base/strings.h"

namespace mizzen::volumes {
namespace {

namespace v1 = api::core::v1;

std::string format_map(const codec::Map<std::string>& map) {
  std::string out;
  for (const auto& [key, value] : map)
    out += (out.empty() ? "" : "\n") + fmt::format("{}={}", key, quote(value));
  return out;
}

/// metadata.labels['key'] -> key, where `path` starts with `field`.
std::optional<std::string> subscript(std::string_view path, std::string_view field) {
  if (!path.starts_with(field)) return std::nullopt;
  path.remove_prefix(field.size());
  if (path.size() < 4 || !path.starts_with("['") || !path.ends_with("']")) return std::nullopt;
  return std::string(path.substr(2, path.size() - 4));
}

const v1::ResourceRequirements* requirements_of(const v1::Pod& pod, const std::string& container) {
  for (const auto& c : api::containers_of(pod.spec))
    if (c.spec.name == container) return &c.spec.resources;
  return nullptr;
}

int64_t divide_up(int64_t value, int64_t divisor) { return value / divisor + (value % divisor > 0 ? 1 : 0); }

}  // namespace

Result<std::string> pod_field(const v1::Pod& pod, std::string_view path) {
  const auto& meta = pod.metadata;
  if (const auto key = subscript(path, "metadata.labels")) return meta.labels.get(*key);
  if (const auto key = subscript(path, "metadata.annotations")) return meta.annotations.get(*key);
  if (path == "metadata.labels") return format_map(meta.labels);
  if (path == "metadata.annotations") return format_map(meta.annotations);
  if (path == "metadata.name") return meta.name;
  if (path == "metadata.namespace") return meta.namespace_;
  if (path == "metadata.uid") return meta.uid;
  if (path == "spec.nodeName") return pod.spec.nodeName;
  if (path == "spec.serviceAccountName") return pod.spec.serviceAccountName;
  if (path == "status.hostIP") return pod.status.hostIP;
  if (path == "status.podIP") return pod.status.podIP;
  if (path == "status.podIPs" || path == "status.hostIPs") {
    std::vector<std::string> ips;
    if (path == "status.podIPs") {
      for (const auto& ip : pod.status.podIPs) ips.push_back(ip.ip);
    } else {
      for (const auto& ip : pod.status.hostIPs) ips.push_back(ip.ip);
    }
    return join(ips, ",");
  }
  return Error(Code::BadRequest, fmt::format("unsupported fieldPath: {}", path));
}

Result<std::string> resource_field(const v1::Pod& pod, const std::string& container,
                                   const v1::ResourceFieldSelector& selector,
                                   const Allocatable& allocatable) {
  const std::string& name = selector.containerName.empty() ? container : selector.containerName;
  const auto* requirements = requirements_of(pod, name);
  if (!requirements) return Error(Code::BadRequest, fmt::format("container {} not found", name));
  const auto dot = selector.resource.find('.');
  const std::string list = selector.resource.substr(0, dot);
  const std::string resource = dot == std::string::npos ? "" : selector.resource.substr(dot + 1);
  const bool known = resource == "cpu" || resource == "memory" || resource == "ephemeral-storage" ||
                     resource.starts_with("hugepages-");
  if ((list != "limits" && list != "requests") || !known) {
    return Error(Code::BadRequest, fmt::format("unsupported container resource : {}", selector.resource));
  }
  const auto& from = list == "limits" ? requirements->limits : requirements->requests;
  const auto* found = from.find(resource);
  codec::Quantity quantity;
  if (found) {
    quantity = *found;
  } else if (list == "limits") {
    quantity = allocatable.get(resource);
  }
  const bool cpu = resource == "cpu";
  const bool whole = selector.divisor.is_zero();
  const int64_t value = cpu ? quantity.milli_value() : quantity.value();
  const int64_t divisor = whole ? (cpu ? 1000 : 1)
                          : cpu ? selector.divisor.milli_value()
                                : selector.divisor.value();
  if (divisor <= 0) return Error(Code::BadRequest, "the divisor must be positive");
  return fmt::format("{}", divide_up(value, divisor));
}

}  // namespace mizzen::volumes
