#include "rest/wire/body.h"

#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/schema/core/v1/config_map.h"
#include "api/schema/discovery/v1/endpoint_slice.h"
#include "codec/json/json_codec.h"
#include "codec/proto/proto_codec.h"
#include "machinery/schema/meta/v1/partial_object_metadata.h"

namespace mizzen::rest {
namespace {

using api::core::v1::ConfigMap;
using api::core::v1::ConfigMapList;
using api::discovery::v1::EndpointSlice;

template <typename T>
const api::ResourceInfo& resource() {
  static const api::RegistryPtr registry = api::builtin();
  return *registry->find<T>();
}

TEST(Body, ListsComeInBothForms) {
  ConfigMapList list;
  list.metadata.resourceVersion = "9";
  list.metadata.continue_ = "more";
  for (const char* name : {"a", "b"}) list.items.emplace_back().metadata.name = name;
  std::string proto;
  codec::encode_envelope(proto, {"v1", "ConfigMapList"}, list.descriptor(), &list);
  const codec::TypeMeta type{"v1", "ConfigMapList"};
  std::string json;
  codec::encode_json(json, list.descriptor(), &list, &type);
  const std::pair<std::string_view, std::string> forms[] = {{kProto, proto}, {kJson, json}};
  for (const auto& [format, bytes] : forms) {
    const auto read = decode_list(resource<ConfigMap>(), format, bytes);
    ASSERT_TRUE(read.ok()) << read.error().message();
    EXPECT_EQ(read->resource_version, "9");
    EXPECT_EQ(read->continue_token, "more");
    ASSERT_EQ(read->items.size(), 2u);
    EXPECT_EQ(read->items[1].as<ConfigMap>()->metadata.name, "b");
  }
  for (size_t cut = 5; cut < proto.size(); ++cut)
    (void)decode_list(resource<ConfigMap>(), kProto, std::string_view(proto).substr(0, cut)).ok();
}

TEST(Body, AnotherVersionIsConvertedBothWays) {
  api::ResourceInfo old = resource<EndpointSlice>();
  old.spoken = 1;
  ASSERT_EQ(spoken(old).api_version(), "discovery.k8s.io/v1beta1");
  EndpointSlice slice;
  slice.metadata.name = "s";
  slice.endpoints.emplace_back().nodeName = "n";
  const std::string sent = encode_body(old, Object::of(slice), "");
  const auto envelope = codec::open_envelope(sent);
  ASSERT_TRUE(envelope.ok());
  EXPECT_EQ(envelope->type.api_version, "discovery.k8s.io/v1beta1");
  const auto back = decode_document(old, nullptr, kProto, sent);
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(back->object.as<EndpointSlice>()->endpoints[0].nodeName, "n");
  const auto wrong = decode_document(resource<EndpointSlice>(), nullptr, kProto, sent);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().message(),
            "the server's answer about endpointslices.discovery.k8s.io cannot be read: it is a "
            "discovery.k8s.io/v1beta1, EndpointSlice");
}

TEST(Body, ErrorsAreWhatTheStatusSaysElseTheText) {
  const Error told = decode_error(
      422, kJson,
      R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":"Pod \"p\" is invalid","reason":"Invalid",
          "details":{"name":"p","kind":"Pod","causes":[{"reason":"FieldValueRequired","message":"Required value",
          "field":"spec"}],"retryAfterSeconds":3},"code":422})");
  EXPECT_EQ(told.code(), Code::Invalid);
  EXPECT_EQ(told.message(), "Pod \"p\" is invalid");
  EXPECT_EQ(told.details().name, "p");
  EXPECT_EQ(told.details().retry_after_seconds, 3);
  ASSERT_EQ(told.details().causes.size(), 1u);
  EXPECT_EQ(told.details().causes[0].field, "spec");
  const Error between = decode_error(503, "text/plain", "no upstream\n");
  EXPECT_EQ(between.code(), Code::ServiceUnavailable);
  EXPECT_EQ(between.message(), "no upstream");
  EXPECT_EQ(decode_error(429, "", "").message(), "the server answered 429");
  EXPECT_EQ(decode_error(500, kJson, std::string(10'000, 'x')).message().size(), 2048u);
}

TEST(Body, OfWhatIsUnknownTheMetadataIsAskedFor) {
  api::ResourceInfo widgets;
  widgets.plural = "widgets";
  widgets.kind = "Widget";
  api::ServedVersion version;
  version.group = "x.io";
  version.version = "v1";
  version.message = {std::shared_ptr<const void>(), &meta::v1::PartialObjectMetadata::descriptor()};
  widgets.versions.push_back(version);
  EXPECT_EQ(accept(widgets, true),
            "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,"
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");
  const auto read = decode_document(
      widgets, nullptr, kJson,
      R"({"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"w"}})");
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(read->object.meta().name, "w");
  EXPECT_FALSE(decode_document(widgets, nullptr, kJson, R"({"kind":"Widget","apiVersion":"x.io/v1"})").ok());
}

}  // namespace
}  // namespace mizzen::rest
