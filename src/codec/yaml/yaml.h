#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/tables/decode_report.h"

namespace mizzen::codec {

/// Bounds of a YAML text: what anchors and aliases copy (`document contains excessive aliasing` beyond), all
/// that comes out, and nesting. A body of 3 MiB without aliases stays within them.
struct YamlLimits {
  size_t alias_bytes_max = 4u << 20;
  size_t output_bytes_max = 32u << 20;
  int depth_max = 100;
  size_t documents_max = 10'000;
};

/// Each document of a YAML stream as JSON text, resolved by YAML 1.1's rules as upstream's parser does (yes
/// and on are true, 0777 is octal, a date stays text, keys become strings, << merges), members sorted, of
/// equal keys the last one. Empty documents are left out. Errors: BadRequest, with go-yaml's texts: `yaml:
/// line N: ...`. Costs: n log n, times the depth where keys are out of order. Bounds: YamlLimits.
Result<std::vector<std::string>> yaml_to_json(std::string_view text, const YamlLimits& limits = {});
/// The first document of `text`, `null` where there is none; what follows it is not read. `report` gets the
/// keys that came twice.
Result<std::string> yaml_document_to_json(std::string_view text, DecodeReport* report = nullptr,
                                          const YamlLimits& limits = {});
/// Block-style YAML with sorted keys, as kubectl and the server print it.
Result<std::string> json_to_yaml(std::string_view json);

}  // namespace mizzen::codec
