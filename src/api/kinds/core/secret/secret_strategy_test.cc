#include "api/kinds/core/secret/secret_strategy.h"

#include <gtest/gtest.h>

#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

TEST(SecretStrategy, ChecksTheKeysThatItsTypeAsksFor) {
  const Checked secrets("", "v1", "secrets");
  expect_created(
      secrets,
      {{R"({"type":"kubernetes.io/tls"})",
        {"data[tls.crt]: Required value", "data[tls.key]: Required value"}},
       {R"({"type":"kubernetes.io/basic-auth"})",
        {"data[username]: Required value", "data[password]: Required value"}},
       {R"({"type":"kubernetes.io/ssh-auth","stringData":{"ssh-privatekey":""}})",
        {"data[ssh-privatekey]: Required value"}},
       {R"({"type":"kubernetes.io/dockerconfigjson"})", {"data[.dockerconfigjson]: Required value"}},
       {R"({"type":"kubernetes.io/dockercfg","stringData":{".dockercfg":"[]"}})",
        {R"(data[.dockercfg]: Invalid value: "<secret contents redacted>": json: cannot unmarshal array )"
         R"(into Go value of type map[string]interface {})"}},
       {R"({"type":"kubernetes.io/service-account-token"})",
        {"metadata.annotations[kubernetes.io/service-account.name]: Required value"}}});
  expect_updated(
      secrets, {{R"({"type":"a"})", R"({"type":"b"})", {"type: Invalid value: \"b\": field is immutable"}}});
}

TEST(SecretStrategy, ImmutableDataStays) {
  expect_updated({"", "v1", "secrets"},
                 {{R"({"immutable":true,"data":{"a":"eA=="}})",
                   R"({"data":{"a":"eQ=="}})",
                   {"immutable: Forbidden: field is immutable when `immutable` is set",
                    "data: Forbidden: field is immutable when `immutable` is set"}},
                  {R"({"data":{"a":"eA=="}})", R"({"immutable":true,"data":{"a":"eQ=="}})", {}}});
}

TEST(SecretStrategy, KeysAreNamesOfFilesAndTheWholeIsBounded) {
  const Checked secrets("", "v1", "secrets");
  EXPECT_EQ(secrets.create(R"({"stringData":{"a":")" + std::string(1048577, 'x') + R"("}})"),
            Lines{"data: Too long: may not be more than 1048576 bytes"});
  EXPECT_EQ(secrets.create(R"({"data":{"..":"eA=="}})"),
            Lines{R"(data[..]: Invalid value: "..": must not be '..')"});
}

}  // namespace
}  // namespace mizzen::api
