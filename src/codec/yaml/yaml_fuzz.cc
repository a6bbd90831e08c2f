// YAML: never crashes, stays within its bounds, and gives nothing but JSON.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "codec/json/tree.h"
#include "codec/yaml/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mizzen::codec;
  YamlLimits limits;
  limits.output_bytes_max = 1 << 20;
  limits.alias_bytes_max = 1 << 18;
  const auto documents = yaml_to_json({reinterpret_cast<const char*>(data), size}, limits);
  if (!documents.ok()) return 0;
  for (const std::string& json : *documents)
    if (!compact_json(json).ok()) std::abort();
  return 0;
}
