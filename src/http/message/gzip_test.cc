#include "http/message/gzip.h"

#include <gtest/gtest.h>

namespace mizzen::http {
TEST(Gzip, BodiesComeBackAndBombsAreRefused) {
  const std::string text = std::string(300'000, 'a') + "tail";
  const Slice packed = gzip({Slice(text.substr(0, 1000)), Slice(text.substr(1000))});
  EXPECT_LT(packed.size(), 5'000u);
  auto back = gunzip(packed.view(), 1'000'000);
  ASSERT_TRUE(back.ok());
  EXPECT_TRUE(*back == text);
  EXPECT_EQ(gunzip(packed.view(), 1000).error().code(), Code::RequestEntityTooLarge);
  EXPECT_EQ(gunzip(packed.view().substr(0, packed.size() - 3), 1'000'000).error().code(), Code::BadRequest);
  EXPECT_EQ(gunzip("not gzip at all", 1'000'000).error().code(), Code::BadRequest);
  EXPECT_EQ(*gunzip(gzip({}).view(), 10), "");
}
TEST(Gzip, AcceptEncodingIsReadAsUpstream) {
  EXPECT_TRUE(accepts_gzip({{"Accept-Encoding", "gzip"}}));
  EXPECT_TRUE(accepts_gzip({{"accept-encoding", "deflate, GZIP;q=0.5"}}));
  EXPECT_FALSE(accepts_gzip({{"Accept-Encoding", "gzip;q=0"}}));
  EXPECT_FALSE(accepts_gzip({{"Accept-Encoding", "gzip;q=0.000"}}));
  EXPECT_FALSE(accepts_gzip({{"Accept-Encoding", "identity"}}));
  EXPECT_FALSE(accepts_gzip({}));
}
}  // namespace mizzen::http
