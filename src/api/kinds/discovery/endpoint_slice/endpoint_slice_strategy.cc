#include "api/kinds/discovery/endpoint_slice/endpoint_slice_strategy.h"

#include "api/checks/field_checks.h"
#include "api/kinds/discovery/endpoint_slice/endpoint_slice_checks.h"
#include "api/table/texts.h"

namespace mizzen::api {
namespace {

using discovery::v1::EndpointSlice;
using machinery::FieldErrors;
using machinery::Path;

class EndpointSliceStrategy final : public TypedStrategy<EndpointSlice> {
 public:
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  void defaults(EndpointSlice& s, std::string_view) const override {
    for (auto& p : s.ports) {
      if (!p.name) p.name = "";
      if (!p.protocol) p.protocol = "TCP";
    }
  }
  void before_create(EndpointSlice& s) const override { s.metadata.generation = 1; }
  void before_update(EndpointSlice& s, const EndpointSlice& old) const override {
    EndpointSlice same = s;
    same.metadata = old.metadata;
    if (!codec::equal(same, old) || !(s.metadata.labels == old.metadata.labels))
      s.metadata.generation = old.metadata.generation + 1;
  }
  void check_create(const EndpointSlice& s, FieldErrors& errors) const override {
    check_one_of(s.addressType, Path("addressType"), {"FQDN", "IPv4", "IPv6"}, errors);
    check_slice_ports(s, errors);
    check_slice_endpoints(s, errors);
  }
  void check_update(const EndpointSlice& s, const EndpointSlice& old, FieldErrors& errors) const override {
    check_one_of(s.addressType, Path("addressType"), {"FQDN", "IPv4", "IPv6"}, errors);
    check_slice_ports(s, errors);
    // What was taken once stays.
    FieldErrors found;
    check_slice_endpoints(s, found);
    if (!found.empty()) {
      bool same = s.endpoints.size() == old.endpoints.size();
      for (size_t i = 0; same && i < s.endpoints.size(); ++i)
        same = codec::equal(s.endpoints[i], old.endpoints[i]);
      if (!same) errors.append(found);
    }
    if (s.addressType != old.addressType)
      errors.invalid(Path("addressType"), s.addressType, "field is immutable");
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"AddressType", "string", "", "Kind of the addresses."},
            {"Ports", "string", "", "Ports of the endpoints."},
            {"Endpoints", "string", "", "Addresses of the endpoints."},
            {"Age", "string", "", "How long ago it was created."}};
  }
  TableCells row(const EndpointSlice& s, WallTime now) const override {
    std::vector<std::string> ports, addresses;
    for (const auto& p : s.ports)
      ports.push_back(p.port ? std::to_string(*p.port) : p.name && !p.name->empty() ? *p.name : "*");
    for (const auto& e : s.endpoints)
      addresses.insert(addresses.end(), e.addresses.begin(), e.addresses.end());
    const auto text = [](const std::vector<std::string>& list) {
      return list.empty() ? std::string("<unset>") : first_three(list);
    };
    return {cell(s.metadata.name), cell(s.addressType), cell(text(ports)), cell(text(addresses)),
            age_cell(s.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& endpoint_slice_strategy() {
  static const EndpointSliceStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
