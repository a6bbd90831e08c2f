#pragma once
#include <string>

#include "apiserver/cache/entry.h"
#include "client/api/api_client.h"
#include "codec/json/json_codec.h"
#include "codec/json/tree.h"

namespace mizzen::apiserver {

/// A patch as the request carried it.
struct PatchRequest {
  client::PatchType type = client::PatchType::Merge;
  codec::Value patch;
  const api::ServedVersion* version = nullptr;  ///< of the request: patches work on this version's JSON
};

/// Reads the body: JSON (or YAML for apply). BadRequest with upstream's text.
Result<codec::Value> parse_patch(client::PatchType type, std::string_view body);

/// The object with the patch applied, in memory form. `report` gets unknown and duplicate fields of the
/// result. BadRequest, Invalid as upstream. Pure.
Result<machinery::MutableObject> apply_patch(const api::ResourceInfo& resource, const Object& old,
                                             const PatchRequest& request, codec::DecodeReport* report);

}  // namespace mizzen::apiserver
