#include "api/kinds/discovery/endpoint_slice/endpoint_slice_versions.h"

#include "api/schema/discovery/v1/endpoint_slice.h"
#include "api/schema/discovery/v1beta1/endpoint_slice.h"
#include "machinery/object/convert.h"

namespace mizzen::api {
namespace {

using New = discovery::v1::EndpointSlice;
using Old = discovery::v1beta1::EndpointSlice;

constexpr std::string_view kZone = "topology.kubernetes.io/zone";
constexpr std::string_view kHostname = "kubernetes.io/hostname";

}  // namespace

void endpoint_slice_to_memory(const void* wire, void* memory) {
  machinery::convert_by_name(Old::descriptor(), wire, New::descriptor(), memory);
  const auto& from = static_cast<const Old*>(wire)->endpoints;
  auto& to = static_cast<New*>(memory)->endpoints;
  for (size_t i = 0; i < from.size() && i < to.size(); ++i) {
    auto& rest = to[i].deprecatedTopology;
    rest = from[i].topology;
    if (const std::string* zone = from[i].topology.find(kZone)) {
      to[i].zone = *zone;
      rest.erase(kZone);
    }
    // A hostname of its own stays, as odd as it is, so that nothing is lost.
    if (const std::string* node = from[i].topology.find(kHostname);
        node && to[i].nodeName && *to[i].nodeName == *node)
      rest.erase(kHostname);
  }
}

void endpoint_slice_from_memory(const void* memory, void* wire) {
  machinery::convert_by_name(New::descriptor(), memory, Old::descriptor(), wire);
  const auto& from = static_cast<const New*>(memory)->endpoints;
  auto& to = static_cast<Old*>(wire)->endpoints;
  for (size_t i = 0; i < from.size() && i < to.size(); ++i) {
    to[i].topology = from[i].deprecatedTopology;
    if (from[i].zone) to[i].topology.set(kZone, *from[i].zone);
    if (from[i].nodeName && to[i].topology.get(kHostname).empty())
      to[i].topology.set(kHostname, *from[i].nodeName);
  }
}

}  // namespace mizzen::api
