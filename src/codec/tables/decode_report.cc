#include "codec/tables/decode_report.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"

namespace mizzen::codec {

void DecodeReport::add(std::string problem) {
  ++total;
  if (full() || std::find(problems.begin(), problems.end(), problem) != problems.end()) return;
  problems.push_back(std::move(problem));
}

std::string DecodeReport::strict_error() const {
  std::vector<std::string> parts;
  if (!yaml_twice.empty()) parts.push_back("yaml: unmarshal errors:\n  " + join(yaml_twice, "\n  "));
  parts.insert(parts.end(), problems.begin(), problems.end());
  return "strict decoding error: " + join(parts, ", ");
}

std::vector<std::string> DecodeReport::warnings() const {
  std::vector<std::string> out = yaml_twice;
  out.insert(out.end(), problems.begin(), problems.end());
  return out;
}

}  // namespace mizzen::codec
