#include "kubelet/probes/redirect.h"

#include <gtest/gtest.h>

namespace mizzen::kubelet {
namespace {

std::string next(const std::string& location, const std::string& url = "http://10.0.0.1:8080/a/b?c=/d") {
  const auto found = redirect_of(url, location);
  return !found.ok() ? "error" : found->value_or("elsewhere");
}

TEST(Redirect, IsFollowedOnTheSameHostWhateverThePort) {
  EXPECT_EQ(next("http://10.0.0.1:8080/x"), "http://10.0.0.1:8080/x");
  EXPECT_EQ(next("https://10.0.0.1:8443/x"), "https://10.0.0.1:8443/x") << "from HTTP to HTTPS";
  EXPECT_EQ(next("http://10.0.0.2:8080/x"), "elsewhere");
  EXPECT_EQ(next("//10.0.0.2/x"), "elsewhere");
  EXPECT_EQ(next("//10.0.0.1:8080/x"), "http://10.0.0.1:8080/x");
  EXPECT_EQ(next("http://[::1"), "error");
}

TEST(Redirect, MayBeRelative) {
  EXPECT_EQ(next("/x"), "http://10.0.0.1:8080/x");
  EXPECT_EQ(next("x#y"), "http://10.0.0.1:8080/a/x");
  EXPECT_EQ(next("?x=y"), "http://10.0.0.1:8080/a/b?x=y");
  EXPECT_EQ(next("x", "http://10.0.0.1:8080"), "http://10.0.0.1:8080/x");
  EXPECT_EQ(next("x?at=1:2"), "http://10.0.0.1:8080/a/x?at=1:2");
}

}  // namespace
}  // namespace mizzen::kubelet
