#pragma once
#include <optional>
#include <string>

#include "base/result.h"

namespace mizzen::kubelet {

/// Where an answer's Location sends who asked for `url`; nothing where that is another host, which is not
/// asked. Relative to `url` as RFC 3986 has it, but segments of dots stay: the server knows them. BadRequest:
/// no URL. Pure.
Result<std::optional<std::string>> redirect_of(const std::string& url, const std::string& location);

}  // namespace mizzen::kubelet
