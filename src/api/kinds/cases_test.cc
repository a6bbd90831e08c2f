// Every table of requests below api/kinds: our strategies answer as kube-apiserver did.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "api/testing/cases.h"

namespace mizzen::api {
namespace {

TEST(Cases, AreAnsweredAsUpstreamAnswersThem) {
  const char* source = std::getenv("MIZZEN_SOURCE_DIR");
  std::vector<std::string> tables;
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(std::string(source ? source : ".") + "/src/api/kinds"))
    if (file.path().extension() == ".cases") tables.push_back(file.path().string());
  std::sort(tables.begin(), tables.end());
  ASSERT_FALSE(tables.empty());
  for (const std::string& table : tables) expect_cases(table);
}

}  // namespace
}  // namespace mizzen::api
