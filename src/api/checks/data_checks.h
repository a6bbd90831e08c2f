#pragma once
#include <string>

#include "codec/tables/containers.h"
#include "machinery/errors/field_errors.h"

/// What ConfigMaps and Secrets share.
namespace mizzen::api {

/// What the content of one object may weigh together.
constexpr size_t kDataBytesMax = 1024 * 1024;
/// Why an object that declared itself immutable is not changed.
constexpr const char* kImmutableData = "field is immutable when `immutable` is set";

/// Keys have to be usable as names of files. Returns the bytes of the values.
size_t check_data_keys(const codec::Map<std::string>& data, const machinery::Path& at,
                       machinery::FieldErrors& errors);

}  // namespace mizzen::api
