#include "rest/wire/watch_frames.h"

#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/schema/core/v1/config_map.h"
#include "codec/proto/proto_codec.h"
#include "machinery/schema/meta/v1/watch_event.h"
#include "rest/wire/body.h"

namespace mizzen::rest {
namespace {

using api::core::v1::ConfigMap;

const api::ResourceInfo& configs() {
  static const api::RegistryPtr registry = api::builtin();
  return *registry->find<ConfigMap>();
}

std::string proto_frame(const std::string& type, const std::string& name) {
  ConfigMap object;
  object.metadata.name = name;
  meta::v1::WatchEvent event;
  event.type = type;
  event.object.text = encode_body(configs(), Object::of(object), "");
  const std::string bytes = codec::to_proto(event);
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(bytes.size() >> shift);
  return out + bytes;
}
std::string json_frame(const std::string& type, const std::string& name) {
  return R"({"type":")" + type + R"(","object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" +
         name + "\"}}}\n";
}

/// Names of the events, however the bytes are cut.
std::string read(const std::string& bytes, std::string_view type, size_t piece) {
  WatchFrames frames(configs(), std::string(type));
  std::vector<client::WatchEvent> events;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    const auto fed = frames.feed(std::string_view(bytes).substr(at, piece), events);
    if (!fed.ok()) return fed.error().message();
  }
  std::string out;
  for (const auto& e : events) out += e.object.meta().name + " ";
  return out;
}

TEST(WatchFrames, PiecesMayEndAnywhere) {
  const std::string proto = proto_frame("ADDED", "a") + proto_frame("MODIFIED", "b");
  const std::string json = json_frame("ADDED", "a") + json_frame("DELETED", "b");
  for (size_t piece = 1; piece < 200; ++piece) {
    EXPECT_EQ(read(proto, "application/vnd.kubernetes.protobuf;stream=watch", piece), "a b ") << piece;
    EXPECT_EQ(read(json, "application/json", piece), "a b ") << piece;
  }
}

TEST(WatchFrames, WhatIsTooLongOrNoEventIsRefused) {
  EXPECT_EQ(read(std::string("\xff\xff\xff\xff", 4), kProto, 4),
            "unable to decode an event from the watch stream: it has 4294967295 bytes");
  EXPECT_EQ(read("{\"type\":\"NEWS\",\"object\":{}}\n", kJson, 100),
            "unable to decode an event from the watch stream: unknown type \"NEWS\"");
  EXPECT_NE(read(std::string("\0\0\0\2zz", 6), kProto, 6), "");
}

}  // namespace
}  // namespace mizzen::rest
