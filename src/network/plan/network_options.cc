#include "network/plan/network_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "network/plan/addresses.h"

namespace mizzen::network {
namespace {

constexpr size_t kInterfaceNameMax = 15;
constexpr size_t kTableNameMax = 64;
constexpr int kMtuMin = 68;  // RFC 791
constexpr int kMtuMax = 65535;

/// Goes into commands for nftables as it is.
bool valid_table_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && name.size() <= kTableNameMax && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
         });
}

bool valid_interface_name(std::string_view name) {
  return !name.empty() && name.size() <= kInterfaceNameMax && name != "." && name != ".." &&
         std::none_of(name.begin(), name.end(), [](char c) { return c <= ' ' || c == '/' || c == ':'; });
}

}  // namespace

Result<NodeSettings> node_settings(const NetworkOptions& o) {
  const auto pods = Ipv4Range::parse(o.pod_range);
  if (!pods) return Error(Code::BadRequest, o.pod_range + " is not an IPv4 range such as 10.42.0.0/24");
  const auto cluster = Ipv4Range::parse(o.cluster_range);
  if (!cluster) {
    return Error(Code::BadRequest, o.cluster_range + " is not an IPv4 range such as 10.42.0.0/16");
  }
  if (!valid_interface_name(o.bridge)) {
    return Error(Code::BadRequest,
                 fmt::format("{} is not a name for a bridge of 1 to 15 characters", quote(o.bridge)));
  }
  if (!valid_table_name(o.table))
    return Error(Code::BadRequest, fmt::format("{} is not a name for a table of nftables", quote(o.table)));
  if (o.mtu < kMtuMin || o.mtu > kMtuMax)
    return Error(Code::BadRequest, fmt::format("{} is not the size of a packet", o.mtu));
  if (o.data_folder.empty()) return Error(Code::BadRequest, "the pod network needs a data folder");
  return NodeSettings{
      .bridge = o.bridge, .table = o.table, .mtu = o.mtu, .ranges = {{.pods = *pods, .cluster = *cluster}}};
}

}  // namespace mizzen::network
