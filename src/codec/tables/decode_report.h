#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mizzen::codec {

/// What a decoder found beside the object: fields that the schema lacks and fields given twice, as upstream's
/// strict decoding reports them: `unknown field "spec.foo"`, `duplicate field "spec.replicas"`. Each is told
/// once. Bounds: kProblemsMax are kept, further ones are only counted.
struct DecodeReport {
  static constexpr size_t kProblemsMax = 100;
  std::vector<std::string> problems;
  /// Keys that came twice in a YAML text: `line 4: key "k" already set in map`. Upstream tells them as one
  /// problem.
  std::vector<std::string> yaml_twice;
  size_t total = 0;

  bool empty() const { return total == 0; }
  bool full() const { return problems.size() >= kProblemsMax; }
  void add(std::string problem);
  /// The text of upstream's strict error: `strict decoding error: a, b`.
  std::string strict_error() const;
  /// One warning per problem.
  std::vector<std::string> warnings() const;
};

}  // namespace mizzen::codec
