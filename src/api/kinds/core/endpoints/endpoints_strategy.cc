#include "api/kinds/core/endpoints/endpoints_strategy.h"

#include "api/checks/field_checks.h"
#include "api/schema/core/v1/endpoints.h"
#include "api/table/texts.h"
#include "machinery/names/names.h"

namespace mizzen::api {
namespace {

using core::v1::EndpointAddress;
using core::v1::Endpoints;
using machinery::FieldErrors;
using machinery::Path;

void check_address(const EndpointAddress& a, const Path& at, FieldErrors& errors) {
  check_messages(machinery::is_valid_ip(a.ip), at.child("ip"), a.ip, errors);
  if (!a.hostname.empty()) check_label(a.hostname, at.child("hostname"), errors);
  if (a.nodeName) check_subdomain(*a.nodeName, at.child("nodeName"), errors);
  check_messages(machinery::is_endpoint_ip(a.ip), at.child("ip"), a.ip, errors);
}

void check_subsets(const Endpoints& e, FieldErrors& errors) {
  for (size_t i = 0; i < e.subsets.size(); ++i) {
    const auto& s = e.subsets[i];
    const Path at = Path("subsets").index(i);
    if (s.addresses.empty() && s.notReadyAddresses.empty())
      errors.required(at, "must specify `addresses` or `notReadyAddresses`");
    for (size_t k = 0; k < s.addresses.size(); ++k)
      check_address(s.addresses[k], at.child("addresses").index(k), errors);
    for (size_t k = 0; k < s.notReadyAddresses.size(); ++k)
      check_address(s.notReadyAddresses[k], at.child("notReadyAddresses").index(k), errors);
    for (size_t k = 0; k < s.ports.size(); ++k) {
      const auto& p = s.ports[k];
      const Path here = at.child("ports").index(k);
      if (p.name.empty()) {
        if (s.ports.size() > 1) errors.required(here.child("name"), "");
      } else {
        check_label(p.name, here.child("name"), errors);
      }
      check_port(p.port, here.child("port"), errors);
      check_one_of(p.protocol, here.child("protocol"), {"SCTP", "TCP", "UDP"}, errors);
      if (p.appProtocol)
        check_messages(machinery::is_qualified_name(*p.appProtocol), here.child("appProtocol"),
                       *p.appProtocol, errors);
    }
  }
}

class EndpointsStrategy final : public TypedStrategy<Endpoints> {
 public:
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  bool allow_create_on_update() const override { return true; }
  void defaults(Endpoints& e, std::string_view) const override {
    for (auto& s : e.subsets)
      for (auto& p : s.ports)
        if (p.protocol.empty()) p.protocol = "TCP";
  }
  void check_create(const Endpoints& e, FieldErrors& errors) const override { check_subsets(e, errors); }
  void check_update(const Endpoints& e, const Endpoints& old, FieldErrors& errors) const override {
    // What was taken once stays.
    bool same = e.subsets.size() == old.subsets.size();
    for (size_t i = 0; same && i < e.subsets.size(); ++i) same = codec::equal(e.subsets[i], old.subsets[i]);
    if (!same) check_subsets(e, errors);
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Name of the service they belong to."},
            {"Endpoints", "string", "", "Addresses and ports that are ready."},
            {"Age", "string", "", "How long ago they were created."}};
  }
  TableCells row(const Endpoints& e, WallTime now) const override {
    std::vector<std::string> list;
    for (const auto& s : e.subsets) {
      if (s.ports.empty())
        for (const auto& a : s.addresses) list.push_back(a.ip);
      for (const auto& p : s.ports)
        for (const auto& a : s.addresses)
          list.push_back((a.ip.find(':') == std::string::npos ? a.ip : "[" + a.ip + "]") + ":" +
                         std::to_string(p.port));
    }
    const std::string text = e.subsets.empty() ? "<none>" : first_three(list);
    return {cell(e.metadata.name), cell(text), age_cell(e.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& endpoints_strategy() {
  static const EndpointsStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
