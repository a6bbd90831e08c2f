// Cluster IPs of services: one address of the service range each, chosen when the service is written.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <set>

#include "api/schema/core/v1/service.h"
#include "apiserver/core.h"
#include "base/strings.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Service;

/// Longer than a write may take (34 s).
constexpr Duration kAddressHold = std::chrono::minutes(1);

/// An IPv4 range; hosts are numbered from 1, the first one is the API's own service.
struct Range {
  uint32_t base = 0;
  uint32_t size = 0;
};

Result<Range> parse_range(const std::string& cidr) {
  const size_t slash = cidr.find('/');
  in_addr address{};
  const auto bits =
      parse_int<int>(slash == std::string::npos ? "" : std::string_view(cidr).substr(slash + 1));
  if (!bits || *bits < 8 || *bits > 30 || inet_pton(AF_INET, cidr.substr(0, slash).c_str(), &address) != 1)
    return Error(Code::InternalError,
                 fmt::format("service range {} is not an IPv4 range of /8 to /30", quote(cidr)));
  return Range{ntohl(address.s_addr), 1u << (32 - *bits)};
}

std::string text_of(uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

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
    MZ_ASSIGN(const Range range, parse_range(options_.service_cidr));
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
          text_of(range.base + 1 + static_cast<uint32_t>(deps_.random.below(range.size - 2)));
      if (!taken.contains(candidate)) service.spec.clusterIP = candidate;
    }
    if (service.spec.clusterIP.empty()) {
      for (uint32_t i = 1; i + 1 < range.size && service.spec.clusterIP.empty(); ++i)
        if (!taken.contains(text_of(range.base + i))) service.spec.clusterIP = text_of(range.base + i);
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
