#include "api/openapi/openapi.h"

#include "api/openapi/openapi_document.h"
#include "codec/json/tree.h"

namespace mizzen::api {
std::string openapi_v2_json(const Registry& registry) { return openapi_v2_document(registry).str(); }
std::string openapi_v3_json(const Registry& registry, std::string_view group, std::string_view version) {
  return openapi_v3_document(registry, group, version).str();
}
}  // namespace mizzen::api
