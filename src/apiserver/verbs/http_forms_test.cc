// Other forms of objects: tables, metadata alone, YAML, protobuf, strict fields, and bodies that mean harm.
#include <fmt/format.h>

#include "api/schema/core/v1/config_map.h"
#include "apiserver/testing/running_server.h"
#include "codec/proto/proto_codec.h"

namespace mizzen::apiserver::testing {
namespace {

constexpr const char* kProto = "application/vnd.kubernetes.protobuf";

class HttpForms : public HttpTest {};

TEST_F(HttpForms, TablesOfOneAndOfMany) {
  create_pod("p");
  const http::Headers table{{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}};
  const Answer list = call("GET", core("pods"), "", table);
  EXPECT_EQ(list.at("kind"), "Table");
  EXPECT_EQ(list.at("apiVersion"), "meta.k8s.io/v1");
  EXPECT_EQ(list.at("columnDefinitions.0.name"), "Name");
  EXPECT_EQ(list.at("columnDefinitions.1.name"), "Ready");
  EXPECT_EQ(list.at("columnDefinitions.2.name"), "Status");
  EXPECT_EQ(list.at("rows.0.cells.0"), "p");
  EXPECT_EQ(list.at("rows.0.cells.1"), "0/1");
  EXPECT_EQ(list.at("rows.0.cells.2"), "Pending");
  EXPECT_EQ(list.at("rows.0.object.kind"), "PartialObjectMetadata");
  EXPECT_EQ(list.at("rows.0.object.metadata.name"), "p");
  EXPECT_EQ(call("GET", core("pods/p?includeObject=None"), "", table).at("rows.0.object"), "null");
  EXPECT_EQ(
      call("GET", core("pods/p?includeObject=Object"), "", table).at("rows.0.object.spec.containers.0.name"),
      "c");
  EXPECT_EQ(call("GET", core("pods?includeObject=Some"), "", table).status, 400);
  EXPECT_EQ(call("GET", core("pods/none"), "", table).at("kind"), "Status");
}

TEST_F(HttpForms, MetadataAlone) {
  create_config("a");
  const Answer one = call("GET", core("configmaps/a"), "",
                          {{"Accept", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}});
  EXPECT_EQ(one.at("kind"), "PartialObjectMetadata");
  EXPECT_EQ(one.at("apiVersion"), "meta.k8s.io/v1");
  EXPECT_EQ(one.at("metadata.name"), "a");
  EXPECT_EQ(one.at("data"), "");
  const http::Headers list{{"Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}};
  EXPECT_EQ(call("GET", core("configmaps"), "", list).at("items.0.metadata.name"), "a");
  EXPECT_EQ(call("GET", core("configmaps/a"), "", list).status, 406);
}

TEST_F(HttpForms, YamlInAndOut) {
  const http::Headers yaml{{"Content-Type", "application/yaml"}, {"Accept", "application/yaml"}};
  const Answer made = call(
      "POST", core("configmaps"),
      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yam\ndata:\n  k: \"1\"\n  t: |\n    a\n    b\n",
      yaml);
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.headers.get("Content-Type"), "application/yaml");
  EXPECT_NE(made.body.find("\n  name: yam\n"), std::string::npos) << made.body;
  EXPECT_EQ(call("GET", core("configmaps/yam")).at("data.t"), "a\nb\n");
  EXPECT_EQ(call("POST", core("configmaps"), "a: [", yaml).status, 400);
}

TEST_F(HttpForms, ProtobufInAndOut) {
  api::core::v1::ConfigMap config;
  config.metadata.name = "p";
  config.data.set("k", "v");
  std::string body;
  codec::seal_envelope(body, {"v1", "ConfigMap"}, codec::to_proto(config));
  const http::Headers proto{{"Content-Type", kProto}, {"Accept", kProto}};
  const Answer made = call("POST", core("configmaps"), body, proto);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.headers.get("Content-Type"), kProto);
  const auto envelope = codec::open_envelope(made.body);
  ASSERT_TRUE(envelope.ok());
  EXPECT_EQ(envelope->type.kind, "ConfigMap");
  const auto back = codec::from_proto<api::core::v1::ConfigMap>(envelope->raw);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->data.get("k"), "v");
  EXPECT_FALSE(back->metadata.uid.empty());
  const Answer missing = call("GET", core("configmaps/none"), "", {{"Accept", kProto}});
  EXPECT_EQ(missing.headers.get("Content-Type"), kProto);
  EXPECT_EQ(codec::open_envelope(missing.body)->type.kind, "Status");
  for (size_t cut = 0; cut < body.size(); cut += 3)
    EXPECT_GE(call("POST", core("configmaps"), cut ? body.substr(0, cut) : "k", proto).status, 400) << cut;
}

TEST_F(HttpForms, UnknownFieldsAreWarnedOfOrRefused) {
  const std::string body = R"({"metadata":{"name":"%"},"data":{"k":"v"},"extra":1,"metadata2":{},"extra":2})";
  const auto post = [&](const std::string& name, const std::string& query) {
    std::string text = body;
    return call("POST", core("configmaps" + query), text.replace(text.find('%'), 1, name));
  };
  const Answer warned = post("w", "");
  EXPECT_EQ(warned.status, 201);
  ASSERT_GE(warned.warnings().size(), 2u);
  EXPECT_EQ(warned.warnings()[0], "299 - \"unknown field \\\"extra\\\"\"");
  EXPECT_TRUE(post("i", "?fieldValidation=Ignore").warnings().empty());
  const Answer strict = post("s", "?fieldValidation=Strict");
  EXPECT_EQ(strict.status, 400);
  EXPECT_EQ(
      strict.message().find("ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding "
                            "error: unknown field \"extra\""),
      0u)
      << strict.message();
  EXPECT_EQ(post("x", "?fieldValidation=Sometimes").status, 422);
  create_config("p");
  const Answer patched = call("PATCH", core("configmaps/p?fieldValidation=Strict"), R"({"more":1})",
                              {{"Content-Type", "application/merge-patch+json"}});
  EXPECT_EQ(patched.status, 422);
  EXPECT_NE(patched.message().find("strict decoding error: unknown field \"more\""), std::string::npos);
}

TEST_F(HttpForms, BodiesOfTheWrongKind) {
  const Answer version = call("POST", core("configmaps"),
                              R"({"apiVersion":"apps/v1","kind":"ConfigMap","metadata":{"name":"a"}})");
  EXPECT_EQ(version.status, 400);
  EXPECT_EQ(
      version.message(),
      "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: no kind \"ConfigMap\" is registered for "
      "version \"apps/v1\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"");
  EXPECT_EQ(call("POST", core("configmaps"), R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}})")
                .status,
            400);
  EXPECT_EQ(call("POST", core("configmaps"), R"({"metadata":{"name":"a"},"data":5})").status, 400);
  EXPECT_EQ(call("POST", core("configmaps"), "").status, 400);
  EXPECT_EQ(call("POST", core("configmaps"), "[]").status, 400);
}

TEST_F(HttpForms, HostileBodiesAreRefusedAndTheServerGoesOn) {
  std::string deep = R"({"metadata":{"name":"a"},"data":)";
  deep += std::string(100'000, '[');
  EXPECT_EQ(call("POST", core("configmaps"), deep).status, 400);
  std::string closed =
      R"({"metadata":{"name":"a"},"x":)" + std::string(20'000, '[') + std::string(20'000, ']') + "}";
  EXPECT_EQ(call("POST", core("configmaps"), closed).status, 400);
  create_config("a");
  EXPECT_EQ(
      call("PATCH", core("configmaps/a"), deep, {{"Content-Type", "application/merge-patch+json"}}).status,
      400);
  const Answer huge = call("POST", core("configmaps"), std::string(3'200'000, 'x'));
  EXPECT_EQ(huge.status, 413);
  EXPECT_EQ(huge.message(), "Request entity too large: limit is 3145728");
  const Answer utf =
      call("POST", core("configmaps"), "{\"metadata\":{\"name\":\"u\"},\"data\":{\"k\":\"\xff\xfe\"}}");
  EXPECT_TRUE(utf.status == 201 || utf.status == 400) << utf.status;
  if (utf.status == 201) EXPECT_EQ(utf.at("data.k"), "\xef\xbf\xbd\xef\xbf\xbd");
  const http::Headers yaml{{"Content-Type", "application/yaml"}};
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'k'; ++c)
    bomb += fmt::format("{}: &{} [*{},*{},*{},*{},*{},*{},*{},*{},*{}]\n", c, c, char(c - 1), char(c - 1),
                        char(c - 1), char(c - 1), char(c - 1), char(c - 1), char(c - 1), char(c - 1),
                        char(c - 1));
  EXPECT_EQ(call("POST", core("configmaps"), bomb, yaml).status, 400);
  EXPECT_EQ(call("POST", core("configmaps"), std::string(50'000, '['), yaml).status, 400);
  std::string proto("k8s\0\x12\xff\xff\xff\xff\x0f", 10);
  EXPECT_EQ(call("POST", core("configmaps"), proto, {{"Content-Type", kProto}}).status, 400);
  EXPECT_EQ(call("GET", core("configmaps?labelSelector=" + std::string(3000, '('))).status, 400);
  EXPECT_EQ(call("GET", core("configmaps/%00")).status, 400);
  EXPECT_EQ(create_config("fine").status, 201);
}

}  // namespace
}  // namespace mizzen::apiserver::testing
