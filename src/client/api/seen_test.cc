#include "client/api/seen.h"

#include <gtest/gtest.h>

#include "api/schema/core/v1/config_map.h"

namespace mizzen::client {
namespace {

using api::core::v1::ConfigMap;

Object config() {
  ConfigMap out;
  out.metadata.name = "c";
  out.metadata.namespace_ = "ns";
  out.metadata.uid = "1-2";
  out.metadata.resourceVersion = "7";
  out.metadata.labels.set("app", "web");
  out.data.set("k", "v");
  return Object::of(std::move(out));
}

/// Counts what is decoded of a packed object.
class Counted final : public machinery::Packed {
 public:
  explicit Counted(const Object& object) : packed_(machinery::pack(object)) {}
  std::string_view wire_view() const override { return packed_->wire_view(); }
  Object object() const override {
    ++decoded;
    return packed_->object();
  }
  Object at_hand() const override { return {}; }
  mutable int decoded = 0;

 private:
  const PackedPtr packed_;
};

TEST(Seen, SaysTheSamePackedAndDecoded) {
  for (const Seen& seen : {Seen(config()), Seen(machinery::pack(config()))}) {
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen.namespace_(), "ns");
    EXPECT_EQ(seen.name(), "c");
    EXPECT_EQ(seen.uid(), "1-2");
    EXPECT_EQ(seen.resource_version(), "7");
    EXPECT_EQ(seen.key(), "ns/c");
    EXPECT_EQ(seen.meta().labels.get("app"), "web");
    ASSERT_TRUE(seen.as<ConfigMap>());
    EXPECT_EQ(seen.as<ConfigMap>()->data.get("k"), "v");
    EXPECT_EQ(seen.share<ConfigMap>()->data.get("k"), "v");
    EXPECT_EQ(Seen(seen.packed()).as<ConfigMap>()->data.get("k"), "v");
  }
  EXPECT_FALSE(Seen());
  EXPECT_EQ(Seen().as<ConfigMap>(), nullptr);
  EXPECT_EQ(Seen().share<ConfigMap>(), nullptr);
}

TEST(Seen, DecodesOnceAndNotForNamesAndMetadata) {
  const auto counted = std::make_shared<const Counted>(config());
  const Seen seen{PackedPtr(counted)};
  EXPECT_EQ(seen.key(), "ns/c");
  EXPECT_EQ(seen.meta().labels.get("app"), "web");
  EXPECT_EQ(counted->decoded, 0);
  EXPECT_EQ(seen.object().get(), seen.object().get());
  EXPECT_EQ(&seen.meta(), &seen.object().meta());
  EXPECT_EQ(counted->decoded, 1);
  EXPECT_EQ(seen.packed(), counted) << "bytes that are there are not made again";
}

TEST(Seen, WithoutNamespaceTheKeyIsTheName) {
  ConfigMap out;
  out.metadata.name = "c";
  const Object object = Object::of(out);
  EXPECT_EQ(Seen(object).key(), "c");
  EXPECT_EQ(Seen(machinery::pack(object)).key(), "c");
  EXPECT_EQ(Seen(machinery::pack(Object::of(ConfigMap()))).key(), "") << "a server may send anything";
}

}  // namespace
}  // namespace mizzen::client
