#include <gtest/gtest.h>

#include "http/h1/h1_head.h"

namespace mizzen::http {
namespace {

/// The body that comes of this framing, told in pieces of `piece` bytes, or what is wrong.
Result<std::string> body_of(std::string_view in, size_t piece) {
  H1BodyReader reader(H1BodyReader::Kind::Chunked, 0);
  std::string out;
  while (!in.empty() && !reader.done()) {
    MZ_ASSIGN(const size_t taken, reader.feed(in.substr(0, piece), out, 1 << 20));
    in.remove_prefix(taken);
  }
  if (!reader.done()) return Error(Code::BadRequest, "not whole");
  return out;
}

std::string repeated(const std::string& text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(H1BodyReader, AnyNumberOfSmallChunksIsABody) {
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{1} << 20}) {
    const auto body = body_of(repeated("1\r\nx\r\n", 100'000) + "0\r\n\r\n", piece);
    ASSERT_TRUE(body.ok()) << body.error().message();
    EXPECT_EQ(body->size(), 100'000u);
  }
}

TEST(H1BodyReader, ExtensionsArePaidForByData) {
  const std::string extension = ";name=" + std::string(100, 'v') + "\r\n";
  const auto flood = body_of(repeated("1" + extension + "x\r\n", 100'000) + "0\r\n\r\n", 4096);
  ASSERT_FALSE(flood.ok());
  EXPECT_EQ(flood.error().message(), "malformed chunked encoding: line too long");
  EXPECT_TRUE(
      body_of(repeated("80" + extension + std::string(128, 'x') + "\r\n", 10'000) + "0\r\n\r\n", 4096).ok());
}

TEST(H1BodyReader, TrailersAreBounded) {
  EXPECT_TRUE(body_of("0\r\na: b\r\n\r\n", 100).ok());
  EXPECT_FALSE(body_of("0\r\n" + repeated("a: b\r\n", 10'000) + "\r\n", 4096).ok());
}

}  // namespace
}  // namespace mizzen::http
