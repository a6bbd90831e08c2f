#include "kubelet/state/digest.h"

#include "base/strings.h"
#include "pki/digest.h"

namespace mizzen::kubelet {

std::string sha256_hex(const std::string& text) { return hex_encode(pki::sha256(text)); }

}  // namespace mizzen::kubelet
