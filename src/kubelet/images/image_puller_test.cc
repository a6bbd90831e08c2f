#include "kubelet/images/image_puller.h"

#include <gtest/gtest.h>

namespace mizzen::kubelet {
namespace {

TEST(ImageNames, GetTheirTag) {
  EXPECT_EQ(with_default_tag("nginx"), "nginx:latest");
  EXPECT_EQ(with_default_tag("10.10.103.215:5000/redis"), "10.10.103.215:5000/redis:latest");
  EXPECT_EQ(with_default_tag("a/b@sha256:00"), "a/b@sha256:00");
  EXPECT_EQ(with_default_tag("Bad Name"), "");
  EXPECT_EQ(with_default_tag("UPPER"), "");
}

}  // namespace
}  // namespace mizzen::kubelet
