// Cluster IPs of services: one address of the service range each, chosen when the service is written.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <set>

#include "api/builtin.h"
#include "api/schema/core/v1/service.h"
#include "apiserver/registry/core.h"
#include "apiserver/registry/service_range.h"
#include "base/strings.h"
#include "machinery/errors/field_errors.h"
#include "machinery/names/names.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Service;
using machinery::FieldErrors;
using machinery::Path;

/// Longer than a write may take (34 s).
constexpr Duration kAddressHold = std::chrono::minutes(1);

/// Why an address that somebody wants cannot be given; empty where it can.
std::string why_not(const std::string& wanted, const ServiceRange& range, const std::string& cidr,
                    const std::set<std::string>& taken) {
  in_addr address{};
  if (inet_pton(AF_INET, wanted.c_str(), &address) != 1)
    return "the provided network does not match the current range";
  const uint32_t at = ntohl(address.s_addr) - range.base;  // wraps for what lies before
  if (at >= range.size) return "the provided network does not match the current range";
  if (at == 0 || at == range.size - 1)
    return fmt::format("the provided IP ({}) is not in the valid range. The range of valid IPs is {}", wanted,
                       cidr);
  return taken.contains(wanted) ? "provided IP is already allocated" : "";
}

}  // namespace

Result<std::shared_ptr<void>> Core::allocate_addresses(const api::ResourceInfo& resource,
                                                       machinery::MutableObject& object, const Entry* old,
                                                       const WriteContext& context) {
  const std::shared_ptr<void> nothing;
  Service& service = *object.as<Service>();
  auto& spec = service.spec;
  if (spec.type == "ExternalName") return nothing;
  const Path at("spec");
  FieldErrors errors;
  if (spec.ipFamilyPolicy.value_or("") == "RequireDualStack")
    errors.invalid(at.child("ipFamilyPolicy"), *spec.ipFamilyPolicy,
                   "this cluster is not configured for dual-stack services");
  for (size_t i = 0; i < spec.ipFamilies.size(); ++i)
    if (spec.ipFamilies[i] != "IPv4")
      errors.invalid(at.child("ipFamilies").index(i), spec.ipFamilies[i], "not configured on this cluster");
  for (size_t i = 0; i < spec.clusterIPs.size(); ++i)
    if (spec.ipFamilies.size() <= i && machinery::ip_family(spec.clusterIPs[i]) == "IPv6")
      errors.invalid(at.child("clusterIPs").index(i), spec.clusterIPs[i],
                     "IPv6 is not configured on this cluster");
  const auto refuse = [&] { return errors.to_error(resource.group(), resource.kind, service.metadata.name); };
  if (!errors.empty()) return refuse();
  if (spec.ipFamilies.empty()) spec.ipFamilies = {"IPv4"};
  if (!spec.ipFamilyPolicy) spec.ipFamilyPolicy = "SingleStack";
  if (spec.clusterIP == "None") return nothing;
  if (old && old->object().share<Service>()->spec.clusterIP == spec.clusterIP && !spec.clusterIP.empty())
    return nothing;

  MZ_ASSIGN(const ServiceRange range, parse_service_range(options_.service_cidr));
  // The service is written after this returns: until the cache shows it, the address counts as taken.
  Lock lock(services_m_);
  const Monotonic now = deps_.clock.monotonic();
  std::erase_if(addresses_given_, [&](const auto& given) { return now - given.second > kAddressHold; });
  std::set<std::string> taken;
  for (const auto& [address, when] : addresses_given_) taken.insert(address);
  for (const EntryPtr& entry : find(api::resource_of<Service>())->cache().list({}, "", 0).entries)
    taken.insert(entry->object().share<Service>()->spec.clusterIP);
  if (!spec.clusterIP.empty()) {
    const std::string& wanted = spec.clusterIP;
    const std::string why = why_not(wanted, range, options_.service_cidr, taken);
    if (!why.empty()) {
      errors.invalid_raw(at.child("clusterIPs"), fmt::format("[{}]", quote(wanted)),
                         fmt::format("failed to allocate IP {}: {}", wanted, why));
      return refuse();
    }
  } else {
    for (int attempt = 0; attempt < 64 && spec.clusterIP.empty(); ++attempt) {
      const std::string candidate =
          ipv4_text(range.base + 2 + static_cast<uint32_t>(deps_.random.below(range.size - 3)));
      if (!taken.contains(candidate)) spec.clusterIP = candidate;
    }
    for (uint32_t i = 2; i + 1 < range.size && spec.clusterIP.empty(); ++i)
      if (!taken.contains(ipv4_text(range.base + i))) spec.clusterIP = ipv4_text(range.base + i);
    if (spec.clusterIP.empty())
      return Error(
          Code::InternalError,
          fmt::format("Internal error occurred: failed to allocate a serviceIP for Service {}: range is full",
                      quote(service.metadata.name)));
  }
  spec.clusterIPs = {spec.clusterIP};
  if (context.dry_run) return nothing;
  addresses_given_[spec.clusterIP] = now;
  // A store elsewhere may acknowledge before the cache knows: there the address is held for its time.
  if (!deps_.store.local()) return nothing;
  return std::shared_ptr<void>(nullptr, [this, address = spec.clusterIP](void*) {
    Lock guard(services_m_);
    addresses_given_.erase(address);
  });
}

}  // namespace mizzen::apiserver
