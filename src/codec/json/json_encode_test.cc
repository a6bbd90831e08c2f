#include <gtest/gtest.h>

#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/secret.h"
#include "codec/json/json_codec.h"

namespace mizzen::codec {
namespace {

using api::core::v1::Container;
using api::core::v1::Secret;

TEST(JsonEncode, LeavesOutWhatIsEmptyAndKeepsWhatWasSet) {
  Container c;
  c.name = "c";
  c.image = "";
  c.stdin = false;
  c.livenessProbe.ensure().periodSeconds = 0;
  EXPECT_EQ(to_json(c), R"({"name":"c","resources":{},"livenessProbe":{}})");
  c.securityContext.ensure().privileged = false;
  c.securityContext->runAsUser = 0;
  EXPECT_EQ(to_json(c), R"({"name":"c","resources":{},"livenessProbe":{},)"
                        R"("securityContext":{"privileged":false,"runAsUser":0}})")
      << "an optional that was set to nothing is said";
}

TEST(JsonEncode, BytesAreBase64AndMapsAreSorted) {
  Secret s;
  s.data.set("b", std::string("\0\xff", 2));
  s.data.set("a", "x");
  EXPECT_EQ(to_json(s), R"({"metadata":{},"data":{"a":"eA==","b":"AP8="}})");
}

TEST(JsonEncode, StringsAreEscapedAsGoDoes) {
  Secret s;
  s.metadata.name = "a\"b\\c\n\x01<&>\xe2\x80\xa8";
  EXPECT_EQ(to_json(s), R"({"metadata":{"name":"a\"b\\c\n\u0001\u003c\u0026\u003e\u2028"}})");
}

TEST(JsonEncode, TypeComesFirst) {
  std::string out;
  const TypeMeta type{"v1", "Secret"};
  const Secret secret;
  encode_json(out, Secret::descriptor(), &secret, &type);
  EXPECT_EQ(out, R"({"kind":"Secret","apiVersion":"v1","metadata":{}})");
}

}  // namespace
}  // namespace mizzen::codec
