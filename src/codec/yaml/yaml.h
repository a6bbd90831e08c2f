#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mizzen::codec {

/// Bounds of a YAML text: what aliases unfold to, and nesting.
struct YamlLimits {
  size_t output_bytes_max = 16u << 20;
  int depth_max = 100;
  size_t documents_max = 10'000;
};

/// Each document of a YAML stream as JSON text, resolved by YAML 1.1's rules as upstream's parser does (yes
/// and on are true, 0777 is octal, a date stays text, keys become strings, << merges). Empty documents are
/// left out. Duplicate keys stay, so that the JSON decoder reports them. A JSON text is returned compact.
/// Errors: BadRequest, `yaml: line N: ...`. Bounds: YamlLimits.
Result<std::vector<std::string>> yaml_to_json(std::string_view text, const YamlLimits& limits = {});
/// The single document of `text`; BadRequest where there is none or more than one.
Result<std::string> yaml_document_to_json(std::string_view text, const YamlLimits& limits = {});
/// Block-style YAML with sorted keys, as kubectl and the server print it.
Result<std::string> json_to_yaml(std::string_view json);

}  // namespace mizzen::codec
