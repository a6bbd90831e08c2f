// Cluster IPs of services: one address of the service range each, chosen when the service is written.
#include <fmt/format.h>

#include <set>

#include "api/schema/core/v1/service.h"
#include "apiserver/core.h"
#include "apiserver/service_range.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Service;

/// Longer than a write may take (34 s).
constexpr Duration kAddressHold = std::chrono::minutes(1);

}  // namespace

Result<void> Core::admit_service(machinery::MutableObject& object, const Entry* old, const WriteContext&) {
  Service& service = *object.as<Service>();
  if (service.spec.type == "ExternalName") {
    service.spec.clusterIP.clear();
    service.spec.clusterIPs.clear();
    return {};
  }
  if (service.spec.clusterIP.empty() && !service.spec.clusterIPs.empty())
    service.spec.clusterIP = service.spec.clusterIPs[0];
  if (old) {
    const auto before = old->object().share<Service>();
    if (service.spec.clusterIP.empty())
      service.spec.clusterIP = before->spec.clusterIP;  // an update may leave it out
  }
  if (service.spec.clusterIP.empty()) {
    MZ_ASSIGN(const ServiceRange range, parse_service_range(options_.service_cidr));
    // The service is written after this returns: until the cache shows it, the address counts as taken.
    Lock lock(services_m_);
    const Monotonic now = deps_.clock.monotonic();
    std::erase_if(addresses_given_, [&](const auto& given) { return now - given.second > kAddressHold; });
    std::set<std::string> taken;
    for (const auto& [address, when] : addresses_given_) taken.insert(address);
    for (const EntryPtr& entry : find(api::resource_of<Service>())->cache().list({}, "", 0).entries)
      taken.insert(entry->object().share<Service>()->spec.clusterIP);
    for (int attempt = 0; attempt < 64 && service.spec.clusterIP.empty(); ++attempt) {
      const std::string candidate =
          ipv4_text(range.base + 2 + static_cast<uint32_t>(deps_.random.below(range.size - 3)));
      if (!taken.contains(candidate)) service.spec.clusterIP = candidate;
    }
    if (service.spec.clusterIP.empty()) {
      for (uint32_t i = 2; i + 1 < range.size && service.spec.clusterIP.empty(); ++i)
        if (!taken.contains(ipv4_text(range.base + i))) service.spec.clusterIP = ipv4_text(range.base + i);
    }
    if (service.spec.clusterIP.empty())
      return Error(Code::InternalError,
                   "Internal error occurred: failed to allocate a serviceIP: range is full");
    addresses_given_[service.spec.clusterIP] = now;
  }
  service.spec.clusterIPs = {service.spec.clusterIP};
  if (service.spec.ipFamilies.empty()) service.spec.ipFamilies = {"IPv4"};
  if (!service.spec.ipFamilyPolicy) service.spec.ipFamilyPolicy = "SingleStack";
  return {};
}

}  // namespace mizzen::apiserver
