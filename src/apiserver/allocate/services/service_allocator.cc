#include "apiserver/allocate/services/service_allocator.h"

#include <fmt/format.h>

#include <algorithm>

#include "apiserver/allocate/services/service_families.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Service;
using machinery::FieldErrors;
using machinery::Path;

/// Upstream's bands of ports.
constexpr uint64_t kLowerMin = 16, kLowerMax = 128, kLowerStep = 32;
constexpr uint64_t kPorts = kNodePortLast - kNodePortFirst + 1;

bool outside(const Service& s) { return s.spec.type == "NodePort" || s.spec.type == "LoadBalancer"; }

/// Ports that nobody asked for by number are given out.
bool wants_ports(const Service& s) {
  if (s.spec.type == "NodePort") return true;
  return s.spec.type == "LoadBalancer" && s.spec.allocateLoadBalancerNodePorts.value_or(true);
}

bool wants_health_port(const Service* s) {
  return s && s->spec.type == "LoadBalancer" && s->spec.externalTrafficPolicy == "Local";
}

bool headless(const Service& s) { return s.spec.clusterIP == "None"; }

Error invalid(const FieldErrors& errors, const Service& s) {
  return errors.to_error("", "Service", s.metadata.name);
}

Error internal(std::string why) {
  ErrorDetails details;
  details.causes = {{"", why, ""}};
  return Error(Code::InternalError, "Internal error occurred: " + why, std::move(details));
}

Error wrong_port(const Service& s, size_t index, const std::string& why) {
  FieldErrors errors;
  errors.invalid(Path("spec").child("ports").index(index).child("nodePort"), s.spec.ports[index].nodePort,
                 why);
  return invalid(errors, s);
}

std::string json_list(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& s : list) out += (out.empty() ? "" : ",") + quote(s);
  return "[" + out + "]";
}

}  // namespace

std::set<std::string> ServiceAllocator::keys_of(const Service& s) {
  std::set<std::string> out;
  if (s.spec.type == "ExternalName") return out;
  for (const std::string& ip : s.spec.clusterIPs)
    if (const auto address = IpAddress::parse(ip)) out.insert(address_key(address->str()));
  if (s.spec.clusterIPs.empty())
    if (const auto address = IpAddress::parse(s.spec.clusterIP)) out.insert(address_key(address->str()));
  for (const auto& p : s.spec.ports)
    if (p.nodePort != 0) out.insert(port_key(p.nodePort));
  if (s.spec.healthCheckNodePort != 0) out.insert(port_key(s.spec.healthCheckNodePort));
  return out;
}

std::string ServiceAllocator::owner_of(const Service& s) {
  return fmt::format("{}/{}", s.metadata.namespace_, s.metadata.name);
}

Claims ServiceAllocator::release(const machinery::Object& old) {
  const auto service = old.share<Service>();
  Claims out;
  for (const std::string& key : keys_of(*service))
    if (deps_.table.may_release(key, owner_of(*service))) out.release.push_back(key);
  return out;
}

void ServiceAllocator::lost(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) deps_.table.suspect(key);
}

Result<Claims> ServiceAllocator::allocate(machinery::MutableObject& object, const machinery::Object& old) {
  Service& service = *object.as<Service>();
  const auto before = old ? old.share<Service>() : nullptr;
  const Keys had = before ? keys_of(*before) : Keys();
  FieldErrors errors;
  settle_families(service, before.get(), ranges_, errors);
  if (!errors.empty()) return invalid(errors, service);
  Keys claimed;
  MZ_TRY(addresses(service, had, claimed));
  MZ_TRY(ports(service, had, claimed));
  MZ_TRY(health_port(service, before.get(), had, claimed));
  Claims out;
  out.owner = owner_of(service);
  const Keys keys = keys_of(service);
  std::set_difference(keys.begin(), keys.end(), had.begin(), had.end(), std::back_inserter(out.take));
  std::set_difference(had.begin(), had.end(), keys.begin(), keys.end(), std::back_inserter(out.release));
  std::erase_if(out.release,
                [&](const std::string& key) { return !deps_.table.may_release(key, out.owner); });
  if (out.take.size() + out.release.size() > Claims::kKeysMax) {
    errors.too_many(Path("spec").child("ports"), service.spec.ports.size(), Claims::kKeysMax / 2);
    return invalid(errors, service);
  }
  return out;
}

Result<void> ServiceAllocator::addresses(Service& service, const Keys& had, Keys& claimed) {
  auto& spec = service.spec;
  if (spec.type == "ExternalName" || headless(service)) return {};
  const std::vector<std::string> asked = spec.clusterIPs;
  spec.clusterIPs.resize(std::max(spec.clusterIPs.size(), spec.ipFamilies.size()));
  for (size_t i = 0; i < spec.clusterIPs.size(); ++i) {
    std::string& ip = spec.clusterIPs[i];
    if (ip.empty()) {
      const auto range = std::find_if(ranges_.begin(), ranges_.end(), [&](const AddressRange& r) {
        return i < spec.ipFamilies.size() && r.family() == spec.ipFamilies[i];
      });
      const auto given = range == ranges_.end() ? std::nullopt : free_address(*range, claimed);
      if (!given)
        return internal(fmt::format("failed to allocate a serviceIP for Service {}: range is full",
                                    quote(service.metadata.name)));
      ip = *given;
    } else if (const auto address = IpAddress::parse(ip);
               !address || !had.contains(address_key(address->str()))) {
      const std::string why = why_not_address(ip, claimed);
      if (!why.empty()) {
        FieldErrors errors;
        errors.invalid_raw(Path("spec").child("clusterIPs"), json_list(asked),
                           fmt::format("failed to allocate IP {}: {}", ip, why));
        return invalid(errors, service);
      }
    }
    claimed.insert(address_key(ip));
  }
  if (!spec.clusterIPs.empty()) spec.clusterIP = spec.clusterIPs[0];
  return {};
}

Result<void> ServiceAllocator::ports(Service& service, const Keys& had, Keys& claimed) {
  if (!outside(service)) return {};
  auto& list = service.spec.ports;
  for (size_t i = 0; i < list.size(); ++i) {
    auto& p = list[i];
    if (p.nodePort == 0 && !wants_ports(service)) continue;
    if (p.nodePort == 0 && had.empty()) {
      // One number serves both protocols of one port.
      for (const auto& other : list)
        if (other.port == p.port && other.protocol != p.protocol && other.nodePort != 0)
          p.nodePort = other.nodePort;
    }
    if (p.nodePort == 0) {
      const auto given = free_port(claimed);
      if (!given) return internal("failed to allocate a nodePort: range is full");
      p.nodePort = *given;
    } else if (const std::string key = port_key(p.nodePort); !had.contains(key) && !claimed.contains(key)) {
      const std::string why = why_not_port(p.nodePort, claimed);
      if (!why.empty()) return wrong_port(service, i, why);
    }
    claimed.insert(port_key(p.nodePort));
  }
  return {};
}

Result<void> ServiceAllocator::health_port(Service& service, const Service* old, const Keys& had,
                                           Keys& claimed) {
  int32_t& port = service.spec.healthCheckNodePort;
  if (!wants_health_port(&service)) return {};
  if (wants_health_port(old) && port != 0 && had.contains(port_key(port))) return {};
  if (port == 0) {
    const auto given = free_port(claimed);
    if (!given) return internal("failed to allocate a HealthCheck NodePort: range is full");
    port = *given;
  } else {
    std::string why = why_not_port(port, claimed);
    if (why.empty() && claimed.contains(port_key(port))) why = "provided port is already allocated";
    if (!why.empty())
      return internal(fmt::format("failed to allocate requested HealthCheck NodePort {}: {}", port, why));
  }
  claimed.insert(port_key(port));
  return {};
}

std::string ServiceAllocator::why_not_address(const std::string& wanted, const Keys& claimed) const {
  const auto address = IpAddress::parse(wanted);
  const bool inside = address && std::any_of(ranges_.begin(), ranges_.end(), [&](const AddressRange& r) {
                        return r.index_of(*address).has_value();
                      });
  if (!inside) return "the provided network does not match the current range";
  const std::string key = address_key(address->str());
  return claimed.contains(key) || deps_.table.taken(key) ? "provided IP is already allocated" : "";
}

std::string ServiceAllocator::why_not_port(int32_t port, const Keys&) const {
  if (port < kNodePortFirst || port > kNodePortLast)
    return fmt::format("provided port is not in the valid range. The range of valid ports is {}-{}",
                       kNodePortFirst, kNodePortLast);
  return deps_.table.taken(port_key(port)) ? "provided port is already allocated" : "";
}

template <typename KeyAt>
std::optional<uint64_t> ServiceAllocator::find_free(const std::vector<Band>& all, const Keys& claimed,
                                                    const KeyAt& key_at) {
  // Among one more than there are allocations, one is free.
  const uint64_t probes = deps_.table.size() + claimed.size() + 1;
  for (const Band& band : all) {
    if (band.size == 0) continue;
    const uint64_t start = deps_.random.below(band.size);
    for (uint64_t i = 0; i < std::min(band.size, probes); ++i) {
      const uint64_t at = band.from + (start + i) % band.size;
      const std::string key = key_at(at);
      if (!claimed.contains(key) && !deps_.table.taken(key)) return at;
    }
  }
  return std::nullopt;
}

std::optional<std::string> ServiceAllocator::free_address(const AddressRange& range, const Keys& claimed) {
  const auto found = find_free(range.bands(), claimed, [&](uint64_t n) { return address_key(range.at(n)); });
  if (!found) return std::nullopt;
  return range.at(*found);
}

std::optional<int32_t> ServiceAllocator::free_port(const Keys& claimed) {
  const auto number = [](uint64_t n) { return kNodePortFirst + static_cast<int32_t>(n); };
  const auto found = find_free(bands(kPorts, kLowerMin, kLowerMax, kLowerStep), claimed,
                               [&](uint64_t n) { return port_key(number(n)); });
  if (!found) return std::nullopt;
  return number(*found);
}

}  // namespace mizzen::apiserver
