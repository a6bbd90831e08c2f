#pragma once
#include <optional>
#include <string>
#include <vector>

#include "apiserver/entry/entry.h"
#include "apiserver/request/negotiation.h"
#include "auth/request/request_context.h"
#include "codec/json/json_codec.h"
#include "machinery/schema/meta/v1/delete_options.h"

namespace mizzen::apiserver {

using auth::FieldValidation;

/// A request body as any message, after its Content-Type. `type` gets kind and apiVersion as they stand
/// there.
Result<machinery::MutableObject> decode_as(const codec::Message& message, const http::Headers& headers,
                                           std::string_view body, codec::TypeMeta& type,
                                           codec::DecodeReport* report);

/// A request body that has to be an object of `expected` (apiVersion and kind; absent ones are taken from
/// it), whose message is `message`. Errors: UnsupportedMediaType; BadRequest with upstream's texts: `K in
/// version "v" cannot be handled as a K: ...`, or `the object provided is unrecognized` where kind or
/// apiVersion cannot be read; RequestEntityTooLarge where it would take too much memory. A failure costs a
/// second look at the text.
Result<machinery::MutableObject> decode_kind(const codec::TypeMeta& expected, const codec::Message& message,
                                             const http::Headers& headers, std::string_view body,
                                             codec::DecodeReport* report);

/// The error of a document (JSON) that is no object of `expected`, or that could not be decoded for `why`;
/// nothing where it is such an object. kind and apiVersion are looked at first, as upstream does.
std::optional<Error> explain_json(const codec::TypeMeta& expected, std::string_view json, const Error* why,
                                  bool& recognized, codec::TypeMeta& seen);

/// The object of a create or update in memory form. BadRequest, UnsupportedMediaType with upstream's texts.
Result<machinery::MutableObject> decode_body(const api::ResourceInfo& resource,
                                             const api::ServedVersion& version, const http::Headers& headers,
                                             std::string_view body, FieldValidation validation,
                                             std::vector<std::string>& warnings);

/// DeleteOptions as a body. Upstream takes them in any group's version, and says what is wrong without a
/// frame.
Result<meta::v1::DeleteOptions> decode_delete_options(const http::Headers& headers, std::string_view body);

}  // namespace mizzen::apiserver
