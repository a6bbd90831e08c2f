#include "api/kinds/resource/resource_claim/claim_status.h"

#include <algorithm>
#include <set>

#include "api/checks/condition_checks.h"
#include "api/checks/field_checks.h"
#include "api/checks/node_selector_checks.h"
#include "api/go_text/go_object.h"
#include "api/kinds/resource/claim_spec.h"
#include "api/kinds/resource/device_checks.h"
#include "base/strings.h"

namespace mizzen::api {
namespace {

using namespace resource::v1;
using machinery::FieldErrors;
using machinery::Path;

constexpr size_t kConsumersMax = 256, kResultsMax = 32, kConditionsMax = 8, kAddressesMax = 16,
                 kInterfaceNameMax = 256, kHardwareAddressMax = 128;

/// A device, or a share of one, as error texts print it.
template <typename T>
std::string device_id(const T& d) {
  return "{\"Driver\":" + quote(d.driver) + ",\"Pool\":" + quote(d.pool) + ",\"Device\":" + quote(d.device) +
         ",\"ShareID\":" + quote(d.shareID.value_or("")) + "}";
}

std::set<std::string> allocated_devices(const ResourceClaimStatus& status) {
  std::set<std::string> out;
  if (status.allocation)
    for (const auto& result : status.allocation->devices.results) out.insert(device_id(result));
  return out;
}

/// An address with the bits of its network, as an interface has it. Zeros before numbers are read, but not
/// canonical.
void check_interface_address(const std::string& text, const Path& at, FieldErrors& errors) {
  const size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  const bool six = address.find(':') != std::string::npos;
  const auto bits = slash == std::string::npos ? std::nullopt : parse_int<int>(text.substr(slash + 1));
  if (machinery::ip_family(address).empty() || !bits || *bits < 0 || *bits > (six ? 128 : 32))
    return errors.invalid(at, text,
                          "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)");
  // IPv4 inside IPv6 is IPv4.
  constexpr int kMappedBits = 96;
  std::string canonical = machinery::canonical_ip(address);
  const bool mapped = canonical.find(':') == std::string::npos && *bits > 32;
  canonical += "/" + std::to_string(mapped ? *bits - kMappedBits : *bits);
  if (canonical != text) errors.invalid(at, text, "must be in canonical form (" + quote(canonical) + ")");
}

void check_network(const NetworkDeviceData& n, const Path& at, FieldErrors& errors) {
  if (n.interfaceName.size() > kInterfaceNameMax)
    errors.too_long(at.child("interfaceName"), kInterfaceNameMax);
  if (n.hardwareAddress.size() > kHardwareAddressMax)
    errors.too_long(at.child("hardwareAddress"), kHardwareAddressMax);
  const Path ips = at.child("ips");
  if (!check_size(n.ips.size(), kAddressesMax, ips, errors)) return;
  for (size_t i = 0; i < n.ips.size(); ++i) check_interface_address(n.ips[i], ips.index(i), errors);
  check_unique(n.ips, ips, [](const std::string& ip) { return ip; }, errors);
}

void check_device(const AllocatedDeviceStatus& d, const std::set<std::string>& allocated, const Path& at,
                  FieldErrors& errors) {
  check_driver_name(d.driver, at.child("driver"), errors);
  check_pool_name(d.pool, at.child("pool"), errors);
  check_label(d.device, at.child("device"), errors);
  if (d.shareID) check_uid(*d.shareID, at.child("shareID"), errors);
  if (!allocated.contains(device_id(d)))
    errors.invalid_raw(at, device_id(d), "must be an allocated device in the claim");
  const Path conditions = at.child("conditions");
  check_size(d.conditions.size(), kConditionsMax, conditions, errors);
  check_conditions(d.conditions, conditions, errors);
  if (d.data && !d.data->empty()) check_raw_object(*d.data, at.child("data"), false, errors);
  if (d.networkData) check_network(*d.networkData, at.child("networkData"), errors);
}

void check_devices(const ResourceClaimStatus& status, const Path& at, FieldErrors& errors) {
  const std::set<std::string> allocated = allocated_devices(status);
  for (size_t i = 0; i < status.devices.size(); ++i)
    check_device(status.devices[i], allocated, at.index(i), errors);
  std::set<std::string> seen;
  for (size_t i = 0; i < status.devices.size(); ++i)
    if (const std::string id = device_id(status.devices[i]); !seen.insert(id).second)
      errors.duplicate_raw(at.index(i), id);
}

void check_consumers(const ResourceClaim& claim, const ResourceClaimStatus& old, const Path& at,
                     FieldErrors& errors) {
  const auto& consumers = claim.status.reservedFor;
  if (consumers.empty()) return;
  if (!claim.status.allocation)
    return errors.forbidden(at, "may not be specified when `allocated` is not set");
  if (!claim.metadata.deletionTimestamp) return;
  const bool added = std::any_of(consumers.begin(), consumers.end(), [&](const auto& c) {
    return std::none_of(old.reservedFor.begin(), old.reservedFor.end(),
                        [&](const auto& o) { return codec::equal(c, o); });
  });
  if (added)
    errors.forbidden(
        at, "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set");
}

void check_consumer(const ResourceClaimConsumerReference& c, const Path& at, FieldErrors& errors) {
  if (c.resource.empty()) errors.required(at.child("resource"), "");
  if (c.name.empty()) errors.required(at.child("name"), "");
  if (c.uid.empty()) errors.required(at.child("uid"), "");
}

void check_result(const DeviceRequestAllocationResult& r, const RequestNames& names, const Path& at,
                  FieldErrors& errors) {
  names.check_reference(r.request, at.child("request"), errors);
  check_driver_name(r.driver, at.child("driver"), errors);
  check_pool_name(r.pool, at.child("pool"), errors);
  check_label(r.device, at.child("device"), errors);
  check_binding_conditions(r.bindingConditions, r.bindingFailureConditions, at, errors);
  if (r.shareID) check_uid(*r.shareID, at.child("shareID"), errors);
}

void check_allocation(const AllocationResult& a, const RequestNames& names, const Path& at,
                      FieldErrors& errors) {
  const Path results = at.child("devices").child("results"), config = at.child("devices").child("config");
  if (check_size(a.devices.results.size(), kResultsMax, results, errors))
    for (size_t i = 0; i < a.devices.results.size(); ++i)
      check_result(a.devices.results[i], names, results.index(i), errors);
  // As many as a class and a claim have together.
  if (check_size(a.devices.config.size(), 2 * kConfigurationsMax, config, errors))
    for (size_t i = 0; i < a.devices.config.size(); ++i) {
      const DeviceAllocationConfiguration& c = a.devices.config[i];
      check_one_of(c.source, config.index(i).child("source"), {"FromClaim", "FromClass"}, errors);
      names.check_references(c.requests, config.index(i).child("requests"), errors);
      check_device_configuration(c.deviceConfiguration, config.index(i), false, errors);
    }
  if (a.nodeSelector) check_node_selector(*a.nodeSelector, at.child("nodeSelector"), errors);
}

}  // namespace

void drop_deallocated(ResourceClaimStatus& status, const ResourceClaimStatus& old) {
  std::set<std::string> gone = allocated_devices(old);
  for (const std::string& id : allocated_devices(status)) gone.erase(id);
  std::erase_if(status.devices, [&](const auto& d) { return gone.contains(device_id(d)); });
}

void check_claim_status(const ResourceClaim& claim, const ResourceClaim& old, FieldErrors& errors) {
  const Path at("status"), reserved = at.child("reservedFor"), allocation = at.child("allocation");
  const ResourceClaimStatus& status = claim.status;
  if (check_size(status.reservedFor.size(), kConsumersMax, reserved, errors)) {
    for (size_t i = 0; i < status.reservedFor.size(); ++i)
      check_consumer(status.reservedFor[i], reserved.index(i), errors);
    check_unique(status.reservedFor, reserved, [](const auto& c) { return c.uid; }, errors);
  }
  check_devices(status, at.child("devices"), errors);
  check_consumers(claim, old.status, reserved, errors);
  if (!status.allocation) return;
  // What stands there was right once, by rules that may have been others.
  if (old.status.allocation)
    return check_immutable(*status.allocation, *old.status.allocation, allocation, errors);
  check_allocation(*status.allocation, RequestNames(claim.spec.devices), allocation, errors);
}

}  // namespace mizzen::api
