#include "api/registry/kinds.h"

#include <string>
#include <unordered_map>

#include "machinery/schema/meta/v1/api_group.h"
#include "machinery/schema/meta/v1/api_resource.h"
#include "machinery/schema/meta/v1/api_versions.h"
#include "machinery/schema/meta/v1/create_options.h"
#include "machinery/schema/meta/v1/delete_options.h"
#include "machinery/schema/meta/v1/get_options.h"
#include "machinery/schema/meta/v1/list.h"
#include "machinery/schema/meta/v1/list_options.h"
#include "machinery/schema/meta/v1/partial_object_metadata.h"
#include "machinery/schema/meta/v1/patch_options.h"
#include "machinery/schema/meta/v1/status.h"
#include "machinery/schema/meta/v1/table.h"
#include "machinery/schema/meta/v1/update_options.h"
#include "machinery/schema/meta/v1/watch_event.h"

namespace mizzen::api {
namespace {

const codec::Message* meta_kind(std::string_view kind) {
  const codec::Message* const all[] = {&meta::v1::Status::descriptor(),
                                       &meta::v1::List::descriptor(),
                                       &meta::v1::DeleteOptions::descriptor(),
                                       &meta::v1::Table::descriptor(),
                                       &meta::v1::APIGroup::descriptor(),
                                       &meta::v1::APIGroupList::descriptor(),
                                       &meta::v1::APIVersions::descriptor(),
                                       &meta::v1::APIResourceList::descriptor(),
                                       &meta::v1::ListOptions::descriptor(),
                                       &meta::v1::GetOptions::descriptor(),
                                       &meta::v1::CreateOptions::descriptor(),
                                       &meta::v1::PatchOptions::descriptor(),
                                       &meta::v1::UpdateOptions::descriptor(),
                                       &meta::v1::WatchEvent::descriptor(),
                                       &meta::v1::PartialObjectMetadata::descriptor(),
                                       &meta::v1::PartialObjectMetadataList::descriptor()};
  for (const codec::Message* m : all)
    if (m->name == kind) return m;
  return nullptr;
}

std::string key_of(std::string_view group, std::string_view version, std::string_view kind) {
  std::string key(group);
  if (!group.empty()) key += '/';
  key += version;
  key += ' ';
  key += kind;
  return key;
}

}  // namespace

const codec::Message* find_schema_kind(std::string_view api_version, std::string_view kind) {
  static const auto* const index = [] {
    auto* map = new std::unordered_map<std::string, const codec::Message*>();
    for (const SchemaKind& k : schema_kinds()) map->emplace(key_of(k.group, k.version, k.kind), k.message);
    return map;
  }();
  std::string key(api_version);
  key += ' ';
  key += kind;
  const auto it = index->find(key);
  return it != index->end() ? it->second : meta_kind(kind);
}

}  // namespace mizzen::api
