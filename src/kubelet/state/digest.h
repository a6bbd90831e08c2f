#pragma once
#include <string>

namespace mizzen::kubelet {

/// SHA-256 in lower-case hexadecimal.
std::string sha256_hex(const std::string& text);

}  // namespace mizzen::kubelet
