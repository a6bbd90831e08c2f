#pragma once
#include <string>
#include <string_view>

#include "base/random.h"

namespace mizzen::pki {

/// A new bearer token: 256 random bits in URL-safe base64, 43 characters. Pass secure_random() outside tests.
std::string new_token(Random& random);

/// True where both are equal; the time it takes depends on the lengths only. For comparing secrets.
bool equal_secrets(std::string_view a, std::string_view b);

}  // namespace mizzen::pki
