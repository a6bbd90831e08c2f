#include "api/registry/registry.h"

#include <algorithm>

namespace mizzen::api {

bool ResourceInfo::has(Subresource s) const {
  return std::find(subresources.begin(), subresources.end(), s) != subresources.end();
}

const ResourceInfo* Registry::find(std::string_view group, std::string_view version, std::string_view plural,
                                   const ServedVersion** served) const {
  for (const ResourceInfo& r : resources_) {
    if (r.plural != plural) continue;
    for (const ServedVersion& v : r.versions)
      if (v.group == group && v.version == version) {
        if (served) *served = &v;
        return &r;
      }
  }
  return nullptr;
}

const ResourceInfo* Registry::find_kind(std::string_view api_version, std::string_view kind,
                                        const ServedVersion** served) const {
  for (const ResourceInfo& r : resources_) {
    if (r.kind != kind) continue;
    for (const ServedVersion& v : r.versions)
      if (v.api_version() == api_version) {
        if (served) *served = &v;
        return &r;
      }
  }
  return nullptr;
}

const ResourceInfo* Registry::find_message(const codec::Message& message) const {
  for (const ResourceInfo& r : resources_)
    if (&r.message() == &message) return &r;
  return nullptr;
}

}  // namespace mizzen::api
