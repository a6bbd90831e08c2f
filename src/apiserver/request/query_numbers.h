#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "http/message/url.h"

/// Numbers of a request's query, read and refused as upstream does.
namespace mizzen::apiserver {

/// The resourceVersion that a read asks for: 0 where there is none. What is more than any version can be
/// stands for the greatest. A plain error with upstream's text.
Result<int64_t> read_revision(std::string_view text);

/// A whole number of a query: absent, or BadRequest with Go's text.
Result<std::optional<int64_t>> read_int(const http::Query& query, std::string_view name);
/// The numbers of ListOptions, 0 where absent; every verb that takes such options reads both.
struct ListNumbers {
  int64_t timeout_seconds = 0;
  int64_t limit = 0;
};
Result<ListNumbers> read_list_numbers(const http::Query& query);

}  // namespace mizzen::apiserver
