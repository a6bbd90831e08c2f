// What a server sends: any bytes are answers, lists and watches that can be read, or errors.
#include <cstdint>
#include <string>

#include "api/builtin.h"
#include "api/schema/core/v1/config_map.h"
#include "rest/discovery/served.h"
#include "rest/wire/body.h"
#include "rest/wire/watch_frames.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mizzen;
  static const api::RegistryPtr registry = api::builtin();
  const api::ResourceInfo& resource = *registry->find<api::core::v1::ConfigMap>();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const std::string_view type : {rest::kProto, rest::kJson}) {
    (void)rest::decode_document(resource, nullptr, type, bytes).ok();
    (void)rest::decode_list(resource, type, bytes).ok();
    (void)rest::decode_error(500, type, bytes).code();
    rest::WatchFrames frames(resource, std::string(type));
    std::vector<client::WatchEvent> events;
    (void)(frames.feed(bytes.substr(0, size / 2), events).ok() &&
           frames.feed(bytes.substr(size / 2), events).ok());
  }
  (void)rest::read_aggregated(bytes).ok();
  (void)rest::read_group_versions(bytes).ok();
  (void)rest::read_resource_list(bytes).ok();
  return 0;
}
