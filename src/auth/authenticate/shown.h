#pragma once
#include <optional>
#include <string_view>

#include "auth/user/user.h"
#include "http/exchange/exchange.h"

namespace mizzen::auth {

/// Whom the client certificate of the connection names, which is proved: its common name and organisations,
/// as upstream reads them; nothing where there is none. Pure.
std::optional<User> certificate_user(const http::Request& request);
/// The bearer token that the request shows, unproved, as a part of it; empty where it shows none. Pure.
std::string_view bearer_token(const http::Request& request);

}  // namespace mizzen::auth
