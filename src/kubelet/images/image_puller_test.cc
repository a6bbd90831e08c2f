#include "kubelet/images/image_puller.h"

#include <gtest/gtest.h>

namespace mizzen::kubelet {
namespace {

TEST(ImageNames, GetTheirTagAndSecretsGoOnlyToTheirRegistry) {
  EXPECT_EQ(with_default_tag("nginx"), "nginx:latest");
  EXPECT_EQ(with_default_tag("10.10.103.215:5000/redis"), "10.10.103.215:5000/redis:latest");
  EXPECT_EQ(with_default_tag("a/b@sha256:00"), "a/b@sha256:00");
  EXPECT_EQ(with_default_tag("Bad Name"), "");
  EXPECT_EQ(with_default_tag("UPPER"), "");
  EXPECT_TRUE(credential_matches("https://index.docker.io/v1/", "nginx"));
  EXPECT_TRUE(credential_matches("quay.io/team", "quay.io/team/app:1"));
  EXPECT_FALSE(credential_matches("quay.io/team", "quay.io/teamx/app:1"));
  EXPECT_FALSE(credential_matches("quay.io", "nginx"));
  EXPECT_FALSE(credential_matches("", "nginx"));
}

}  // namespace
}  // namespace mizzen::kubelet
