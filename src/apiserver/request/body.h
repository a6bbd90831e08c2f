#pragma once
#include <string>
#include <vector>

#include "apiserver/cache/entry.h"
#include "apiserver/request/negotiation.h"
#include "codec/json/json_codec.h"
#include "http/message/url.h"
#include "machinery/schema/meta/v1/delete_options.h"

namespace mizzen::apiserver {

/// What happens to unknown and duplicate fields.
enum class FieldValidation : uint8_t { Ignore, Warn, Strict };

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

/// DeleteOptions from the body, else from the query. Invalid where orphanDependents and propagationPolicy are
/// both set.
Result<meta::v1::DeleteOptions> decode_delete_options(const http::Query& query, const http::Headers& headers,
                                                      std::string_view body);

}  // namespace mizzen::apiserver
