#pragma once
#include <string>
#include <vector>

#include "apiserver/cache/entry.h"
#include "apiserver/request/negotiation.h"
#include "auth/request/request_context.h"
#include "codec/json/json_codec.h"

namespace mizzen::apiserver {

using auth::FieldValidation;

/// A request body as any message, after its Content-Type. `type` gets kind and apiVersion as they stand
/// there.
Result<machinery::MutableObject> decode_as(const codec::Message& message, const http::Headers& headers,
                                           std::string_view body, codec::TypeMeta& type,
                                           codec::DecodeReport* report);

/// The object of a create or update in memory form. BadRequest, UnsupportedMediaType with upstream's texts.
Result<machinery::MutableObject> decode_body(const api::ResourceInfo& resource,
                                             const api::ServedVersion& version, const http::Headers& headers,
                                             std::string_view body, FieldValidation validation,
                                             std::vector<std::string>& warnings);

}  // namespace mizzen::apiserver
