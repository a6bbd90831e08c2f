#include <gtest/gtest.h>

#include "api/schema/core/v1/secret.h"
#include "codec/proto/proto_codec.h"

namespace mizzen::codec {
namespace {

using api::core::v1::Secret;
using namespace std::string_literals;

TEST(ProtoEncode, MapsAreSortedByKey) {
  Secret s;
  s.type = "t";
  s.data.set("b", "2");
  s.data.set("a", "1");
  const std::string bytes = to_proto(s);
  // 1 metadata (not optional upstream: always written), 2 data, 3 type.
  EXPECT_TRUE(bytes.starts_with("\x0a"s)) << "metadata is always there";
  EXPECT_TRUE(bytes.ends_with("\x12\x06\x0a\x01"s + "a\x12\x01"s + "1\x12\x06\x0a\x01"s + "b\x12\x01"s +
                              "2\x1a\x01"s + "t"));
}

TEST(ProtoEncode, EqualObjectsHaveEqualBytes) {
  Secret one, other;
  one.data.set("x", "1");
  one.data.set("y", "2");
  other.data.set("y", "2");
  other.data.set("x", "1");
  EXPECT_EQ(to_proto(one), to_proto(other));
  other.data.set("x", "3");
  EXPECT_NE(to_proto(one), to_proto(other));
}

TEST(ProtoEncode, OptionalsThatAreSetAreWritten) {
  Secret s;
  const size_t without = to_proto(s).size();
  s.immutable = false;
  EXPECT_EQ(to_proto(s).size(), without + 2) << "false is not the same as nothing";
}

}  // namespace
}  // namespace mizzen::codec
