#include <gtest/gtest.h>

#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/secret.h"
#include "codec/json/json_codec.h"

namespace mizzen::codec {
namespace {

using api::core::v1::Pod;
using api::core::v1::Secret;

TEST(JsonDecode, ReadsEveryShapeOfField) {
  const auto pod = from_json<Pod>(
      R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","labels":{"b":"2","a":"1"},
          "creationTimestamp":"2026-01-02T03:04:05Z"},
          "spec":{"containers":[{"name":"c","ports":[{"containerPort":80}],
            "resources":{"limits":{"cpu":"500m"}},
            "readinessProbe":{"httpGet":{"port":"web"}}}],"terminationGracePeriodSeconds":0}})");
  ASSERT_TRUE(pod.ok()) << pod.error().message();
  EXPECT_EQ(pod->metadata.name, "p");
  EXPECT_EQ(pod->metadata.labels.get("a"), "1");
  EXPECT_EQ(format_time(pod->metadata.creationTimestamp), "2026-01-02T03:04:05Z");
  ASSERT_EQ(pod->spec.containers.size(), 1u);
  const auto& c = pod->spec.containers[0];
  EXPECT_EQ(c.ports[0].containerPort, 80);
  EXPECT_EQ(c.resources.limits.find("cpu")->milli_value(), 500);
  EXPECT_EQ(c.readinessProbe->probeHandler.httpGet->port.text, "web");
  EXPECT_EQ(pod->spec.terminationGracePeriodSeconds, 0);
  EXPECT_FALSE(pod->spec.activeDeadlineSeconds);
}

TEST(JsonDecode, NullLeavesAFieldEmpty) {
  const auto pod = from_json<Pod>(
      R"({"metadata":{"name":null,"labels":null},"spec":{"containers":null,"activeDeadlineSeconds":null}})");
  ASSERT_TRUE(pod.ok()) << pod.error().message();
  EXPECT_EQ(to_json(*pod), to_json(Pod()));
}

TEST(JsonDecode, ReportsWhatTheSchemaLacksAndWhatIsGivenTwice) {
  Pod pod;
  DecodeReport report;
  TypeMeta type;
  const auto read =
      decode_json(R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","name":"b","x":[{}]},
      "spec":{"containers":[{"name":"c","Image":"i"}]}})",
                  Pod::descriptor(), &pod, &type, &report);
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(type, (TypeMeta{"v1", "Pod"}));
  EXPECT_EQ(report.problems,
            (std::vector<std::string>{R"(duplicate field "metadata.name")", R"(unknown field "metadata.x")",
                                      R"(unknown field "spec.containers[0].Image")"}));
  EXPECT_EQ(pod.metadata.name, "b") << "the last one wins";
}

TEST(JsonDecode, ReportsAreBounded) {
  std::string text = R"({"metadata":{)";
  for (int i = 0; i < 250; ++i) text += (i ? "," : "") + ('"' + std::to_string(i)) + "\":1";
  Secret secret;
  DecodeReport report;
  ASSERT_TRUE(decode_json(text + "}}", Secret::descriptor(), &secret, nullptr, &report).ok());
  EXPECT_EQ(report.problems.size(), DecodeReport::kProblemsMax);
  EXPECT_EQ(report.total, 250u);
}

TEST(JsonDecode, RefusesWhatIsNoObjectOfItsKind) {
  for (const char* text :
       {"", "[]", "1", "{", R"({"metadata":{"name":1}})", R"({"spec":[]})", R"({"spec":{"containers":{}}})",
        R"({"spec":{"hostNetwork":"yes"}})", R"({"spec":{"activeDeadlineSeconds":1.5}})",
        R"({"spec":{"activeDeadlineSeconds":9223372036854775808}})",
        R"({"metadata":{"creationTimestamp":"yesterday"}})", R"({} {})"}) {
    const auto pod = from_json<Pod>(text);
    ASSERT_FALSE(pod.ok()) << text;
    EXPECT_EQ(pod.error().code(), Code::BadRequest) << text;
  }
  EXPECT_FALSE(from_json<Secret>(R"({"data":{"a":"no base64!"}})").ok());
}

TEST(JsonDecode, PeekTypeReadsNothingElse) {
  EXPECT_EQ(*peek_type(R"({"spec":{"a":[1,{}]},"kind":"K","apiVersion":"g/v"})"), (TypeMeta{"g/v", "K"}));
  EXPECT_EQ(*peek_type("{}"), TypeMeta());
  EXPECT_FALSE(peek_type("[").ok());
}

}  // namespace
}  // namespace mizzen::codec
