#include "codec/transcode/proto_to_json.h"

#include <gtest/gtest.h>

#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/secret.h"
#include "codec/json/json_codec.h"
#include "codec/proto/proto_codec.h"

namespace mizzen::codec {
namespace {

using api::core::v1::Pod;
using api::core::v1::Secret;

/// The text without the object, which must be the text with it.
template <typename T>
std::string transcoded(const T& object) {
  std::string with, without;
  encode_json(with, T::descriptor(), &object);
  proto_to_json(without, T::descriptor(), to_proto(object));
  EXPECT_EQ(without, with);
  return without;
}

TEST(ProtoToJson, EmptyObjectsKeepWhatIsAlwaysThere) {
  EXPECT_EQ(transcoded(Secret()), R"({"metadata":{}})");
  transcoded(Pod());
  std::string out;
  proto_to_json(out, Pod::descriptor(), "");
  std::string empty;
  const Pod pod;
  encode_json(empty, Pod::descriptor(), &pod);
  EXPECT_EQ(out, empty) << "bytes that have no field";
}

TEST(ProtoToJson, EveryTypeOfValue) {
  auto pod = from_json<Pod>(R"({
    "metadata":{"name":"a\u2028<b>","creationTimestamp":"2020-01-02T03:04:05Z","labels":{"x":"1","b":""},
      "ownerReferences":[{"apiVersion":"v1","kind":"K","name":"n","uid":"u","controller":false}],
      "managedFields":[{"manager":"m","operation":"Apply","fieldsV1":{"f:a":{}}}]},
    "spec":{"terminationGracePeriodSeconds":0,"hostNetwork":true,"nodeSelector":{},"tolerations":[{"operator":"Exists"}],
      "volumes":[{"name":"v","configMap":{"name":"c","defaultMode":420,"items":[]}},{"name":"e","emptyDir":{"sizeLimit":"1Gi"}}],
      "containers":[{"name":"c","image":"i","resources":{"limits":{"cpu":"1500m","memory":"1Mi"}},
        "livenessProbe":{"httpGet":{"path":"/","port":"web"},"periodSeconds":-1},
        "readinessProbe":{"tcpSocket":{"port":80}},"env":[{"name":"A"}]}]},
    "status":{"phase":"Running","startTime":null,"conditions":[{"type":"Ready","status":"True","lastTransitionTime":null}]}})");
  ASSERT_TRUE(pod.ok()) << pod.error().message();
  const std::string text = transcoded(*pod);
  EXPECT_NE(text.find(R"("terminationGracePeriodSeconds":0)"), std::string::npos) << "zero behind a pointer";
  EXPECT_NE(text.find(R"("port":"web")"), std::string::npos);
  EXPECT_NE(text.find(R"("cpu":"1500m")"), std::string::npos);
  EXPECT_NE(text.find(R"("fieldsV1":{"f:a":{}})"), std::string::npos);
}

TEST(ProtoToJson, AnyOrderOnTheWire) {
  Pod pod;
  pod.metadata.name = "p";
  pod.spec.containers.emplace_back().name = "c";
  const std::string in_order = transcoded(pod);
  pod.spec.initContainers.emplace_back().name = "i";  // field 20, second in JSON
  transcoded(pod);
  pod.spec.initContainers.clear();
  EXPECT_EQ(transcoded(pod), in_order);

  // A list with another field between its elements, a value that is given twice.
  Secret a, b, c;
  a.metadata.finalizers = {"one"};
  b.type = "t";
  c.metadata.finalizers = {"two"};
  c.type = "u";
  std::string out;
  proto_to_json(out, Secret::descriptor(), to_proto(a) + to_proto(b) + to_proto(c));
  EXPECT_EQ(out, R"({"metadata":{"finalizers":["two"]},"type":"u"})") << "the last one wins";
  std::string meta;
  using Meta = decltype(a.metadata);
  Meta one, between, two;
  one.finalizers = {"one"};
  between.name = "n";
  two.name = "n";
  two.finalizers = {"two"};
  proto_to_json(meta, Meta::descriptor(), to_proto(one) + to_proto(between) + to_proto(two));
  EXPECT_EQ(meta, R"({"name":"n","finalizers":["one","two"]})");
}

TEST(ProtoToJson, BytesAreBase64) {
  Secret secret;
  secret.data.set("k", std::string("\0\xff", 2));
  secret.data.set("none", "");
  EXPECT_NE(transcoded(secret).find(R"("k":"AP8=","none":"")"), std::string::npos);
}

TEST(ProtoToJson, FieldsOfNewerVersionsAreLeftOut) {
  Secret secret;
  secret.type = "t";
  std::string out;
  proto_to_json(out, Secret::descriptor(), to_proto(secret) + "\xfa\x01\x01x");
  EXPECT_EQ(out, R"({"metadata":{},"type":"t"})");
}

}  // namespace
}  // namespace mizzen::codec
