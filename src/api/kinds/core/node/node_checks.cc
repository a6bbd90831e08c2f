#include "api/kinds/core/node/node_checks.h"

#include <set>

#include "api/checks/field_checks.h"
#include "api/checks/resource_checks.h"
#include "base/strings.h"
#include "machinery/names/names.h"

namespace mizzen::api {
namespace {

using core::v1::Node;
using machinery::FieldErrors;
using machinery::Path;

/// Taints stand under spec; the texts have always said otherwise.
void check_taints(const Node& node, FieldErrors& errors) {
  const Path taints = Path("metadata").child("taints");
  for (size_t i = 0; i < node.spec.taints.size(); ++i) {
    const auto& t = node.spec.taints[i];
    const Path here = taints.index(i);
    check_messages(machinery::is_qualified_name(t.key), here.child("key"), t.key, errors);
    const auto messages = machinery::is_valid_label_value(t.value);
    if (!messages.empty()) errors.invalid(here.child("value"), t.value, join(messages, ";"));
    check_one_of(t.effect, here.child("effect"), {"NoSchedule", "PreferNoSchedule", "NoExecute"}, errors);
    for (size_t k = 0; k < i; ++k)
      if (node.spec.taints[k].key == t.key && node.spec.taints[k].effect == t.effect) {
        const std::string added = t.timeAdded ? quote(codec::format_time(*t.timeAdded)) : "null";
        errors.duplicate_raw(here,
                             "{\"Key\":" + quote(t.key) + ",\"Value\":" + quote(t.value) +
                                 ",\"Effect\":" + quote(t.effect) + ",\"TimeAdded\":" + added + "}",
                             "taints must be unique by key and effect pair");
        break;
      }
  }
}

void check_status(const Node& node, FieldErrors& errors) {
  const Path at("status");
  for (const auto& [name, amount] : node.status.capacity)
    check_quantity(name, amount, at.child("capacity").child(name), errors);
  for (const auto& [name, amount] : node.status.allocatable)
    check_quantity(name, amount, at.child("allocatable").child(name), errors);
}

}  // namespace

void check_node(const Node& node, FieldErrors& errors) {
  check_taints(node, errors);
  check_status(node, errors);
  const Path at = Path("spec").child("podCIDRs");
  std::set<std::string_view> families;
  for (size_t i = 0; i < node.spec.podCIDRs.size(); ++i) {
    const std::string& range = node.spec.podCIDRs[i];
    check_messages(machinery::is_valid_cidr(range), at.index(i), range, errors);
    families.insert(machinery::ip_family(std::string_view(range).substr(0, range.find('/'))));
  }
  if (node.spec.podCIDRs.size() > 1 && (families.size() < 2 || node.spec.podCIDRs.size() > 2))
    errors.invalid_raw(at, list_json(node.spec.podCIDRs),
                       "may specify no more than one CIDR for each IP family");
}

void check_node_update(const Node& node, const Node& old, FieldErrors& errors) {
  check_status(node, errors);
  const auto& addresses = node.status.addresses;
  for (size_t i = 0; i < addresses.size(); ++i)
    for (size_t k = 0; k < i; ++k)
      if (codec::equal(addresses[i], addresses[k])) {
        errors.duplicate_raw(
            Path("status").child("addresses").index(i),
            "{\"Type\":" + quote(addresses[i].type) + ",\"Address\":" + quote(addresses[i].address) + "}");
        break;
      }
  if (!old.spec.podCIDRs.empty()) {
    const Path at = Path("spec").child("podCIDRs");
    const char* why = "node updates may not change podCIDR except from \"\" to valid";
    if (old.spec.podCIDRs.size() != node.spec.podCIDRs.size()) {
      errors.forbidden(at, why);
    } else {
      for (size_t i = 0; i < old.spec.podCIDRs.size(); ++i)
        if (old.spec.podCIDRs[i] != node.spec.podCIDRs[i]) errors.forbidden(at, why);
    }
  }
  if (!old.spec.providerID.empty() && node.spec.providerID != old.spec.providerID)
    errors.forbidden(Path("spec").child("providerID"),
                     "node updates may not change providerID except from \"\" to valid");
  check_taints(node, errors);
  if (node.spec.externalID != old.spec.externalID)
    errors.forbidden(Path("spec").child("externalID"), "may not be updated");
}

}  // namespace mizzen::api
