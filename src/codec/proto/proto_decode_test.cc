#include <gtest/gtest.h>

#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/secret.h"
#include "codec/json/json_codec.h"
#include "codec/proto/proto_codec.h"

namespace mizzen::codec {
namespace {

using api::core::v1::Pod;
using api::core::v1::Secret;
using namespace std::string_literals;

Pod pod() {
  return *from_json<Pod>(
      R"({"metadata":{"name":"p","labels":{"a":"1"},"generation":-5},
          "spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"500m"}},
            "readinessProbe":{"httpGet":{"port":"web"}}}],"terminationGracePeriodSeconds":0}})");
}

TEST(ProtoDecode, ReadsWhatWasWritten) {
  const auto read = from_proto<Pod>(to_proto(pod()));
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(to_json(*read), to_json(pod()));
}

TEST(ProtoDecode, EveryPrefixIsRefusedOrReadWithoutHarm) {
  const std::string bytes = to_proto(pod());
  size_t refused = 0;
  for (size_t n = 0; n < bytes.size(); ++n) {
    const auto read = from_proto<Pod>(bytes.substr(0, n));
    if (read.ok()) continue;
    ++refused;
    EXPECT_EQ(read.error().code(), Code::BadRequest) << n;
  }
  EXPECT_GT(refused, bytes.size() / 2);
}

TEST(ProtoDecode, UnknownFieldsAreDropped) {
  // Field 99 as varint, as bytes, as 64 and as 32 bits.
  const std::string unknown = "\x98\x06\x05"s + "\x9a\x06\x02xy"s + "\x99\x06"s + std::string(8, 'x') +
                              "\x9d\x06"s + std::string(4, 'x');
  const auto read = from_proto<Pod>(unknown + to_proto(pod()) + unknown);
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(to_json(*read), to_json(pod()));
}

TEST(ProtoDecode, RefusesMalformedBytes) {
  const std::pair<const char*, std::string> rows[] = {
      {"a varint of eleven bytes", std::string(11, '\xff')},
      {"a length beyond the end", "\x0a\x7f"s},
      {"a length of 2^63", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"s},
      {"a group's end", "\x0c"s},
      {"a message as a varint", "\x08\x01"s},
  };
  for (const auto& [why, bytes] : rows) {
    const auto read = from_proto<Secret>(bytes);
    ASSERT_FALSE(read.ok()) << why;
    EXPECT_EQ(read.error().code(), Code::BadRequest) << why;
  }
}

TEST(ProtoDecode, FieldsWithoutANumberAreRefusedInEveryMessage) {
  const auto in = [](int field, const std::string& bytes) {
    return std::string(1, static_cast<char>(field << 3 | 2)) + static_cast<char>(bytes.size()) + bytes;
  };
  const std::string zero = "\x00\x01"s;
  // 2^31 as a field's number, which upstream's code takes for the least of its numbers.
  const std::string negative = "\x80\x80\x80\x80\x40\x01"s;
  const auto container = [&](const std::string& rest) { return in(2, in(2, rest)); };
  const std::pair<std::string, std::string> rows[] = {
      {zero, "proto: Pod: illegal tag 0 (wire type 0)"},
      {negative, "proto: Pod: illegal tag -2147483648 (wire type 17179869184)"},
      {"\x80\x80\x80\x80\x80\x01\x01"s, "proto: Pod: illegal tag 0 (wire type 34359738368)"},
      {in(1, in(8, zero)), "proto: Timestamp: illegal tag 0 (wire type 0)"},
      {in(1, in(8, "\x08\x05"s + zero)), "proto: Timestamp: illegal tag 0 (wire type 0)"},
      {in(1, in(8, "\x0c"s)), "proto: Timestamp: wiretype end group for non-group"},
      {container(in(8, in(1, in(1, "cpu") + in(2, zero)))), "proto: Quantity: illegal tag 0 (wire type 0)"},
      {container(in(10, in(1, in(2, in(2, zero))))), "proto: IntOrString: illegal tag 0 (wire type 0)"},
  };
  for (const auto& [bytes, why] : rows) {
    const auto read = from_proto<Pod>(bytes);
    ASSERT_FALSE(read.ok()) << why;
    EXPECT_EQ(read.error().message(), why);
  }
  EXPECT_TRUE(from_proto<Pod>(in(1, in(11, zero + in(1, "k") + in(2, "v")))).ok()) << "entries of maps may";
  const std::string magic(kEnvelopeMagic);
  EXPECT_EQ(open_envelope(magic + zero).error().message(), "proto: Unknown: illegal tag 0 (wire type 0)");
  EXPECT_EQ(open_envelope(magic + in(1, zero)).error().message(),
            "proto: TypeMeta: illegal tag 0 (wire type 0)");
}

TEST(ProtoDecode, EnvelopesNameTheirType) {
  std::string out;
  const Pod p = pod();
  encode_envelope(out, {"v1", "Pod"}, Pod::descriptor(), &p);
  EXPECT_TRUE(out.starts_with(kEnvelopeMagic));
  const auto opened = open_envelope(out);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->type, (TypeMeta{"v1", "Pod"}));
  EXPECT_EQ(opened->raw, to_proto(p));
  EXPECT_FALSE(open_envelope(out.substr(1)).ok()) << "no magic";
  EXPECT_FALSE(open_envelope(out.substr(0, out.size() - 1)).ok()) << "cut";
  std::string sealed;
  seal_envelope(sealed, {"v1", "Pod"}, to_proto(p));
  EXPECT_EQ(sealed, out);
}

}  // namespace
}  // namespace mizzen::codec
