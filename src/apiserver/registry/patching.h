#pragma once
#include <optional>
#include <string>

#include "apiserver/entry/entry.h"
#include "apiserver/request/body.h"
#include "client/api/api_client.h"
#include "codec/json/json_part.h"
#include "codec/json/tree.h"

namespace mizzen::apiserver {

/// A patch as the request carried it, read once however often it is applied.
struct PatchRequest {
  client::PatchType type = client::PatchType::Merge;
  codec::Value patch;
  const api::ServedVersion* version = nullptr;  ///< of the request: patches work on this version's JSON
  FieldValidation validation = FieldValidation::Warn;
  /// What is wrong with the patch itself. It is told when the patch is applied: an object that is not there
  /// comes first.
  std::optional<Error> refusal;
  /// The fields that it touches, where they can be worked on without the others.
  std::optional<codec::Part> part;
  /// Members given twice in the patch, and members that an operation does not have.
  codec::DecodeReport report;
};

/// The type of a patch by its Content-Type. UnsupportedMediaType with upstream's text.
Result<client::PatchType> patch_type(const http::Headers& headers);

/// Reads the body. Never fails: see PatchRequest::refusal, which has upstream's text.
PatchRequest read_patch(client::PatchType type, const api::ServedVersion& version, std::string_view body,
                        FieldValidation validation);

/// The object with the patch applied, in memory form. `report` gets unknown and duplicate fields, which
/// Strict makes an error. BadRequest, Invalid as upstream. Pure.
Result<machinery::MutableObject> apply_patch(const api::ResourceInfo& resource, const Object& old,
                                             const PatchRequest& request, codec::DecodeReport* report);

}  // namespace mizzen::apiserver
