#pragma once
#include <string>
#include <string_view>

namespace mizzen::pki {

/// The 32 bytes of SHA-256.
std::string sha256(std::string_view bytes);
/// The 64 bytes of SHA-512.
std::string sha512(std::string_view bytes);

}  // namespace mizzen::pki
