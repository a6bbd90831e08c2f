// Every kind of the golden data decodes from JSON, YAML and protobuf to equal objects and encodes back: JSON
// equal as a document, protobuf byte for byte. The data comes from upstream's API repository and is not part
// of this project: MIZZEN_GOLDEN_DIR, or ../shared beside the checkout, says where it stands.
#include <dirent.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>

#include "api/registry/kinds.h"
#include "codec/json/json_codec.h"
#include "codec/json/tree.h"
#include "codec/proto/proto_codec.h"
#include "codec/transcode/proto_to_json.h"
#include "codec/yaml/yaml.h"

namespace mizzen::api {
namespace {

std::string golden_dir() {
  if (const char* dir = std::getenv("MIZZEN_GOLDEN_DIR")) return dir;
  const char* source = std::getenv("MIZZEN_SOURCE_DIR");
  return std::string(source ? source : ".") + "/../shared/data/kubernetes-api-1.36";
}

std::string read(const std::string& path) {
  std::string out;
  if (FILE* f = std::fopen(path.c_str(), "rb")) {
    char buffer[65536];
    for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, f)) > 0;) out.append(buffer, n);
    std::fclose(f);
  }
  return out;
}

/// An object of any kind, owned.
class Object {
 public:
  explicit Object(const codec::Message& m) : message_(m), object_(m.create()) {}
  ~Object() { message_.destroy(object_); }
  Object(const Object&) = delete;
  void* get() { return object_; }

 private:
  const codec::Message& message_;
  void* object_;
};

void check(const std::string& base) {
  SCOPED_TRACE(base);
  const std::string json = read(base + ".json"), yaml = read(base + ".yaml"), proto = read(base + ".pb");
  auto type = codec::peek_type(json);
  ASSERT_TRUE(type.ok());
  const bool bare =
      type->kind.empty();  // WatchEvent stands without kind and apiVersion; its envelope lacks them too
  if (bare) *type = {"v1", base.substr(base.rfind('.') + 1)};
  const codec::Message* m = find_schema_kind(type->api_version, type->kind);
  ASSERT_NE(m, nullptr) << type->api_version << " " << type->kind;

  Object from_json(*m), from_yaml(*m), from_proto(*m);
  codec::TypeMeta seen;
  codec::DecodeReport report;
  const auto a = codec::decode_json(json, *m, from_json.get(), &seen, &report);
  ASSERT_TRUE(a.ok()) << a.error().message();
  if (bare) *type = {};
  EXPECT_EQ(seen, *type);
  EXPECT_EQ(report.total, 0u) << report.problems[0];
  const auto yaml_json = codec::yaml_document_to_json(yaml);
  ASSERT_TRUE(yaml_json.ok()) << yaml_json.error().message();
  const auto b = codec::decode_json(*yaml_json, *m, from_yaml.get(), &seen);
  ASSERT_TRUE(b.ok()) << b.error().message();
  EXPECT_TRUE(codec::equal(*m, from_json.get(), from_yaml.get())) << "YAML differs from JSON";

  if (!proto.empty()) {
    const auto envelope = codec::open_envelope(proto);
    ASSERT_TRUE(envelope.ok());
    EXPECT_EQ(envelope->type, *type);
    const auto c = codec::decode_proto(envelope->raw, *m, from_proto.get());
    ASSERT_TRUE(c.ok()) << c.error().message();
    EXPECT_TRUE(codec::equal(*m, from_json.get(), from_proto.get())) << "protobuf differs from JSON";
    std::string out;
    codec::encode_envelope(out, *type, *m, from_json.get());
    EXPECT_TRUE(out == proto) << "protobuf of JSON differs at byte "
                              << std::mismatch(out.begin(), out.end(), proto.begin(), proto.end()).first -
                                     out.begin();
    out.clear();
    codec::encode_envelope(out, *type, *m, from_proto.get());
    EXPECT_TRUE(out == proto) << "protobuf of protobuf differs";
    std::string json_of_object, json_of_bytes;
    codec::encode_json(json_of_object, *m, from_proto.get());
    if (m->form == codec::JsonForm::Object) codec::proto_to_json(json_of_bytes, *m, envelope->raw);
    EXPECT_EQ(json_of_bytes, json_of_object) << "JSON without the object differs";
  }
  std::string out;
  codec::encode_json(out, *m, proto.empty() ? from_json.get() : from_proto.get(), &*type);
  EXPECT_TRUE(*codec::Value::parse(out) == *codec::Value::parse(json)) << out;
  Object copy(*m);
  m->assign(copy.get(), from_json.get());
  EXPECT_TRUE(codec::equal(*m, copy.get(), from_json.get()));
  m->reset(copy.get());
  EXPECT_TRUE(codec::is_empty(*m, copy.get()));
}

TEST(Golden, EveryKindRoundTrips) {
  const std::string dir = golden_dir();
  DIR* d = opendir(dir.c_str());
  if (!d) {
    if (std::getenv("CI")) FAIL() << "golden data is absent: " << dir;
    GTEST_SKIP() << "golden data is absent: " << dir << " (set MIZZEN_GOLDEN_DIR)";
  }
  std::set<std::string> bases;
  while (const dirent* entry = readdir(d)) {
    const std::string name = entry->d_name;
    if (name.ends_with(".json")) bases.insert(name.substr(0, name.size() - 5));
  }
  closedir(d);
  ASSERT_GT(bases.size(), 150u);
  // The .after_roundtrip twins are what the types of the release after 1.36 make of a file (two alpha fields
  // went, CSINode gained a status). The types here are 1.36's, which keep every field: each file must come
  // back as itself.
  for (const std::string& base : bases)
    if (!base.ends_with(".after_roundtrip")) check(dir + "/" + base);
}

}  // namespace
}  // namespace mizzen::api
