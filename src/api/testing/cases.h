#pragma once
#include <string>
#include <string_view>
#include <vector>

/// Tables of requests with upstream's answers, kept as text beside the kind that they are of.
/// tests/reference/cases asks kube-apiserver for the answers and writes them down; the tests here hold our
/// strategies against them.
namespace mizzen::api {

/// One request, and what upstream answered. An object's `@(3|x)@` stands for xxx.
struct Case {
  std::string group, version, plural;
  std::string verb;  ///< create, update or status
  std::string from;  ///< what is changed; empty for create
  std::string object;
  std::vector<std::string> errors;    ///< "path: message"
  std::vector<std::string> warnings;  ///< texts of the Warning header
  std::string answer;                 ///< the object as it became, its metadata but for generation left out
  std::string row;                    ///< its table's cells but the age, as a JSON array
  int line = 0;
};

/// Reads a file of cases:
///
///     # what the next ones are about
///     kind storage.k8s.io v1 csinodes
///     create {"spec":...}
///       error spec.drivers[0].name: Required value
///     from {...}
///     update {...}
///       answer {...}
///       row ["x",1]
std::vector<Case> read_cases(const std::string& path);

/// All cases of a file against the strategies of the kinds.
void expect_cases(const std::string& path);

/// `text` with every @(3|x)@ written out.
std::string expand(std::string_view text);

}  // namespace mizzen::api
