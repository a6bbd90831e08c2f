// A kubeconfig, which people paste from anywhere: any text is a configuration or an error.
#include <cstdint>
#include <string_view>

#include "rest/config/kubeconfig.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)mizzen::rest::read_kubeconfig(text, "/nonexistent").ok();
  return 0;
}
