#include "apiserver/allocate/services/service_families.h"

#include <fmt/format.h>

#include <algorithm>

#include "machinery/names/names.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Service;
using api::core::v1::ServiceSpec;
using machinery::FieldErrors;
using machinery::Path;

constexpr std::string_view kSingle = "SingleStack", kPrefer = "PreferDualStack",
                           kRequire = "RequireDualStack";

bool has(const std::vector<AddressRange>& ranges, std::string_view family) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const auto& r) { return r.family() == family; });
}

std::string other(std::string_view family) { return family == "IPv4" ? "IPv6" : "IPv4"; }

std::string json_list(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& s : list) out += (out.empty() ? "" : ",") + ("\"" + s + "\"");
  return "[" + out + "]";
}

/// A service that would take what it can get is not changed because the cluster can give more or less.
bool settled_before(const ServiceSpec& s, const Service* old) {
  return old && s.ipFamilyPolicy == kPrefer && old->spec.ipFamilyPolicy == kPrefer &&
         s.clusterIPs == old->spec.clusterIPs && s.ipFamilies == old->spec.ipFamilies;
}

void settle_policy(ServiceSpec& s, const Service* old) {
  if (s.ipFamilyPolicy) return;
  if (old && old->spec.ipFamilyPolicy) {
    s.ipFamilyPolicy = old->spec.ipFamilyPolicy;
  } else {
    const bool free = s.clusterIP == "None" && s.selector.empty();
    s.ipFamilyPolicy = std::string(free ? kRequire : kSingle);
  }
}

/// What an update that goes between one and two families must say.
void check_reduced(ServiceSpec& s, const ServiceSpec& old, FieldErrors& errors) {
  if (s.ipFamilyPolicy == kSingle) {
    if (s.clusterIPs == old.clusterIPs && s.clusterIPs.size() > 1) s.clusterIPs.resize(1);
    if (s.ipFamilies == old.ipFamilies && s.ipFamilies.size() > 1) s.ipFamilies.resize(1);
    return;
  }
  const auto reduced = [](const auto& now, const auto& before) {
    return now.size() == 1 && before.size() == 2;
  };
  const Path at = Path("spec").child("ipFamilyPolicy");
  if (reduced(s.clusterIPs, old.clusterIPs))
    errors.invalid(at, *s.ipFamilyPolicy, "must be 'SingleStack' to release the secondary cluster IP");
  if (reduced(s.ipFamilies, old.ipFamilies))
    errors.invalid(at, *s.ipFamilyPolicy, "must be 'SingleStack' to release the secondary IP family");
}

void families_of_addresses(ServiceSpec& s, const std::vector<AddressRange>& ranges, FieldErrors& errors) {
  for (size_t i = 0; i < s.clusterIPs.size() && s.clusterIPs[i] != "None"; ++i) {
    if (i < s.ipFamilies.size()) continue;
    const std::string family(machinery::ip_family(s.clusterIPs[i]));
    if (has(ranges, family)) {
      s.ipFamilies.push_back(family);
    } else {
      errors.invalid_raw(Path("spec").child("clusterIPs").index(i), json_list(s.clusterIPs),
                         fmt::format("{} is not configured on this cluster", family));
    }
  }
}

}  // namespace

void settle_families(Service& service, const Service* old, const std::vector<AddressRange>& ranges,
                     FieldErrors& errors) {
  ServiceSpec& s = service.spec;
  if (s.type == "ExternalName" || settled_before(s, old)) return;
  settle_policy(s, old);
  const Path policy = Path("spec").child("ipFamilyPolicy");
  if (old) check_reduced(s, old->spec, errors);
  if (s.ipFamilyPolicy == kSingle) {
    constexpr std::string_view kMust = "must be 'RequireDualStack' or 'PreferDualStack' when multiple ";
    if (s.clusterIPs.size() == 2)
      errors.invalid(policy, *s.ipFamilyPolicy, fmt::format("{}cluster IPs are specified", kMust));
    if (s.ipFamilies.size() == 2)
      errors.invalid(policy, *s.ipFamilyPolicy, fmt::format("{}IP families are specified", kMust));
  }
  families_of_addresses(s, ranges, errors);
  if (!errors.empty()) return;
  const std::string first(ranges.front().family());
  if (s.clusterIP == "None" && s.selector.empty()) {
    // Nobody is behind it but what its endpoints say: any family will do.
    if (s.ipFamilies.empty()) s.ipFamilies = {first};
    if (s.ipFamilies.size() < 2 && s.ipFamilyPolicy != kSingle)
      s.ipFamilies.push_back(other(s.ipFamilies[0]));
    return;
  }
  if (s.ipFamilyPolicy == kRequire && ranges.size() < 2)
    errors.invalid(policy, *s.ipFamilyPolicy, "this cluster is not configured for dual-stack services");
  for (size_t i = 0; i < s.ipFamilies.size(); ++i)
    if (!has(ranges, s.ipFamilies[i]))
      errors.invalid(Path("spec").child("ipFamilies").index(i), s.ipFamilies[i],
                     "not configured on this cluster");
  if (!errors.empty()) return;
  if (s.ipFamilies.empty()) s.ipFamilies = {first};
  if (s.ipFamilyPolicy != kSingle && s.ipFamilies.size() == 1 && ranges.size() == 2)
    s.ipFamilies.push_back(other(s.ipFamilies[0]));
}

}  // namespace mizzen::apiserver
