#include "admission/plugins/device_admin_access/device_admin_access.h"

#include <optional>

#include "api/schema/core/v1/namespace.h"
#include "api/schema/resource/v1/resource_claim.h"
#include "api/schema/resource/v1/resource_claim_template.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::admission {
namespace {

using api::core::v1::Namespace;
using api::resource::v1::DeviceRequest;
using api::resource::v1::ResourceClaim;
using api::resource::v1::ResourceClaimTemplate;
using machinery::Path;

constexpr std::string_view kGroup = "resource.k8s.io";
constexpr Interest kInterests[] = {
    {static_cast<Operations>(Operation::Create), kGroup, "resourceclaims", ""},
    {static_cast<Operations>(Operation::Create), kGroup, "resourceclaimtemplates", ""},
    {static_cast<Operations>(Operation::Update), kGroup, "resourceclaims", "status"}};
constexpr std::string_view kLabel = "resource.kubernetes.io/admin-access";

/// The first request that asks for it.
std::optional<Path> asked(const std::vector<DeviceRequest>& requests) {
  for (size_t i = 0; i < requests.size(); ++i)
    if (requests[i].exactly && requests[i].exactly->adminAccess.value_or(false))
      return Path("spec").child("devices").child("requests").index(i).child("adminAccess");
  return std::nullopt;
}

/// The first device that is given with it.
std::optional<Path> given(const ResourceClaim& claim) {
  if (!claim.status.allocation) return std::nullopt;
  const auto& results = claim.status.allocation->devices.results;
  const Path at = Path("status").child("allocation").child("devices").child("results");
  for (size_t i = 0; i < results.size(); ++i)
    if (results[i].adminAccess.value_or(false)) return at.index(i).child("adminAccess");
  return std::nullopt;
}

std::optional<Path> wanted(const Attributes& a) {
  if (const auto* made = a.object->as<ResourceClaimTemplate>())
    return asked(made->spec.spec.devices.requests);
  const auto* claim = a.object->as<ResourceClaim>();
  if (!claim) return std::nullopt;
  if (a.subresource.empty()) return asked(claim->spec.devices.requests);
  const auto* old = a.old.as<ResourceClaim>();
  return old && given(*old) ? std::nullopt : given(*claim);
}

}  // namespace

std::span<const Interest> DeviceAdminAccess::interests() const { return kInterests; }

Plugin::Answer DeviceAdminAccess::validate(const Attributes& a, const Resume&) const {
  const std::optional<Path> at = wanted(a);
  if (!at) return Result<void>();
  const Object found = objects_.cached<Namespace>("", a.namespace_);
  if (found && found.meta().labels.get(kLabel) == "true") return Result<void>();
  machinery::FieldErrors errors;
  errors.forbidden(
      *at,
      "admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on "
      "the containing namespace");
  return errors.to_error(kGroup, a.resource.kind, a.object->meta().name);
}

}  // namespace mizzen::admission
