#pragma once
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/client/client.h"

/// Whether a request is sent again, and when. Pure.
namespace mizzen::rest {

/// After this answer; nothing where it is to be taken as it is.
std::optional<Duration> again_after(const http::Response& answer);
/// After this failure of the connection.
std::optional<Duration> again_after(const Error& error, std::string_view method);

}  // namespace mizzen::rest
