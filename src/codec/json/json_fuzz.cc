// JSON: never crashes, and what it accepts survives a second reading unchanged.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "codec/json/json_codec.h"
#include "codec/json/json_scalars.h"
#include "codec/json/tree.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mizzen::codec;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto compact = compact_json(text);
  const auto tree = Value::parse(text);
  if (tree.ok() && !compact.ok()) std::abort();
  (void)mizzen::codec::base64_error(text);
  if (tree.ok()) {
    const auto again = Value::parse(tree->str());
    if (!again.ok() || !(*again == *tree)) std::abort();
  }
  (void)peek_type(text).ok();
  return 0;
}
