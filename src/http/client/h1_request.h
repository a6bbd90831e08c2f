#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "http/h1/h1_head.h"
#include "http/message/headers.h"

namespace mizzen::http {

/// What a request says of its connection: nothing, that it is the last one, or what its own headers
/// Connection and Upgrade say.
enum class H1Connection : uint8_t { Keep, Close, Upgrade };
/// Start line and header block of a request.
std::string h1_request_head(std::string_view method, std::string_view path, std::string_view authority,
                            const Headers& headers, size_t body_bytes, H1Connection connection);
/// How the body behind this response head ends.
H1BodyReader h1_response_body(const H1Head& head, std::string_view method);
/// Methods that change nothing, so that repeating one does no harm. As in Go, PUT and DELETE are not among
/// them.
bool repeatable_method(std::string_view method);

}  // namespace mizzen::http
