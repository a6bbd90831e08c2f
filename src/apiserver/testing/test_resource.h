#pragma once
#include <memory>
#include <string>

#include "api/registry/registry.h"
#include "api/schema/core/v1/config_map.h"

namespace mizzen::apiserver::testing {

/// A resource that no build has: NAME.test.dev/v1, whose objects have the fields of a ConfigMap. All that it
/// names is its own and goes with it, but for the tables of its type.
inline api::ResourceInfo test_resource(const std::string& singular, const std::string& kind) {
  const auto lasting = [](const codec::Message& m) {
    return std::shared_ptr<const codec::Message>(std::shared_ptr<void>(), &m);
  };
  api::ResourceInfo out;
  out.singular = singular;
  out.plural = singular + "s";
  out.kind = kind;
  out.short_names = {singular.substr(0, 3)};
  out.categories = {"all"};
  api::ServedVersion version;
  version.group = "test.dev";
  version.version = "v1";
  version.message = lasting(api::core::v1::ConfigMap::descriptor());
  version.list = lasting(api::core::v1::ConfigMapList::descriptor());
  out.versions = {std::move(version)};
  out.strategy = std::make_shared<const api::Strategy>();
  out.storage_path = "test.dev/" + out.plural;
  return out;
}

}  // namespace mizzen::apiserver::testing
