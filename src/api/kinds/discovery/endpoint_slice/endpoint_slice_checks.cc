#include "api/kinds/discovery/endpoint_slice/endpoint_slice_checks.h"

#include <set>

#include "api/checks/field_checks.h"
#include "api/checks/object_meta_checks.h"
#include "base/strings.h"
#include "machinery/names/names.h"

namespace mizzen::api {
namespace {

using discovery::v1::EndpointSlice;
using machinery::FieldErrors;
using machinery::Path;

constexpr size_t kEndpointsMax = 1000, kAddressesMax = 100, kPortsMax = 20000, kTopologyMax = 16,
                 kHintsMax = 8;

void check_slice_address(const std::string& type, const std::string& address, const Path& list,
                         const Path& at, FieldErrors& errors) {
  if (type == "FQDN") {
    std::string_view name = address;
    if (name.ends_with(".")) name.remove_suffix(1);
    if (name.empty()) return errors.required(at, "");
    const auto messages = machinery::is_dns1123_subdomain(name);
    if (!messages.empty()) return errors.invalid(at, name, join(messages, ","));
    if (!machinery::is_fqdn(name))
      errors.invalid(at, name, "should be a domain with at least two segments separated by dots");
    return;
  }
  if (type != "IPv4" && type != "IPv6") return;
  const auto messages = machinery::is_valid_ip(address);
  if (!messages.empty()) return check_messages(messages, at, address, errors);
  if (const std::string canonical = machinery::canonical_ip(address); type == "IPv6" && canonical != address)
    return errors.invalid(at, address, "must be in canonical form (" + quote(canonical) + ")");
  if (machinery::ip_family(address) != type) errors.invalid(list, address, "must be an " + type + " address");
  check_messages(machinery::is_endpoint_ip(address), at, address, errors);
}

/// Names under hints: each once, at most kHintsMax.
template <typename T, typename F>
bool check_hints(const std::vector<T>& hints, const Path& at, F check_name, FieldErrors& errors) {
  if (hints.size() > kHintsMax) {
    errors.too_many(at, hints.size(), kHintsMax);
    return false;
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < hints.size(); ++i) {
    const Path name = at.index(i).child("name");
    if (!seen.insert(hints[i].name).second) errors.duplicate(name, hints[i].name);
    check_messages(check_name(hints[i].name), name, hints[i].name, errors);
  }
  return true;
}

}  // namespace

void check_slice_ports(const EndpointSlice& s, FieldErrors& errors) {
  const Path at("ports");
  if (s.ports.size() > kPortsMax) return errors.too_many(at, s.ports.size(), kPortsMax);
  std::set<std::string> names;
  for (size_t i = 0; i < s.ports.size(); ++i) {
    const auto& p = s.ports[i];
    const Path here = at.index(i);
    const std::string name = p.name.value_or("");
    if (!name.empty()) check_label(name, here.child("name"), errors);
    if (!names.insert(name).second) errors.duplicate(here.child("name"), name);
    check_one_of(p.protocol.value_or(""), here.child("protocol"), {"SCTP", "TCP", "UDP"}, errors);
    if (p.appProtocol)
      check_messages(machinery::is_qualified_name(*p.appProtocol), here.child("appProtocol"), *p.appProtocol,
                     errors);
  }
}

void check_slice_endpoints(const EndpointSlice& s, FieldErrors& errors) {
  const Path at("endpoints");
  if (s.endpoints.size() > kEndpointsMax) return errors.too_many(at, s.endpoints.size(), kEndpointsMax);
  for (size_t i = 0; i < s.endpoints.size(); ++i) {
    const auto& e = s.endpoints[i];
    const Path here = at.index(i), list = here.child("addresses");
    if (e.addresses.empty()) errors.required(list, "must contain at least 1 address");
    if (e.addresses.size() > kAddressesMax) errors.too_many(list, e.addresses.size(), kAddressesMax);
    for (size_t k = 0; k < e.addresses.size(); ++k)
      check_slice_address(s.addressType, e.addresses[k], list, list.index(k), errors);
    if (e.nodeName) check_subdomain(*e.nodeName, here.child("nodeName"), errors);
    const Path topology = here.child("deprecatedTopology");
    if (e.deprecatedTopology.size() > kTopologyMax)
      errors.too_many(topology, e.deprecatedTopology.size(), kTopologyMax);
    check_labels(e.deprecatedTopology, topology, errors);
    if (e.deprecatedTopology.contains("topology.kubernetes.io/zone"))
      errors.internal(topology.key("topology.kubernetes.io/zone"),
                      "reserved key was not removed in conversion");
    if (e.hostname) check_label(*e.hostname, here.child("hostname"), errors);
    if (!e.hints) continue;
    const Path hints = here.child("hints");
    if (check_hints(e.hints->forZones, hints.child("forZones"), machinery::is_valid_label_value, errors))
      check_hints(e.hints->forNodes, hints.child("forNodes"), machinery::is_dns1123_subdomain, errors);
  }
}

}  // namespace mizzen::api
