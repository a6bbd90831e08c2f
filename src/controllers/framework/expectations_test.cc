#include "controllers/framework/expectations.h"

#include <gtest/gtest.h>

namespace mizzen::controllers {
namespace {

struct Shown : ::testing::Test {
  ManualClock clock;
  Expectations expectations{clock};
  bool settled() {
    return expectations.view("k", [] { return 0; }).settled;
  }
};

TEST_F(Shown, IsSettledOnceAllWasSeen) {
  EXPECT_TRUE(settled());
  expectations.expect_creations("k", 2);
  expectations.expect_deletion("k", "u");
  expectations.creation_seen("k");
  EXPECT_FALSE(settled());
  expectations.creation_seen("k");
  EXPECT_FALSE(settled());
  expectations.deletion_seen("k", "other");
  EXPECT_FALSE(settled());
  expectations.deletion_seen("k", "u");
  EXPECT_TRUE(settled());
}

TEST_F(Shown, IsSettledWhereNothingWasToldForFiveMinutes) {
  expectations.expect_creations("k", 1);
  clock.advance(std::chrono::minutes(5) - Duration(1));
  EXPECT_FALSE(settled());
  clock.advance(Duration(1));
  EXPECT_TRUE(settled());
}

// A look that began before the pod came does not have it: asked afterwards, the expectation is met, and the
// pod would be made once more.
TEST_F(Shown, IsNotSettledByWhatCameWhileItWasLookedAt) {
  expectations.expect_creations("k", 1);
  const auto view = expectations.view("k", [&] {
    expectations.creation_seen("k");
    return std::string("no pod yet");
  });
  EXPECT_FALSE(view.settled);
  EXPECT_EQ(view.seen, "no pod yet");
  EXPECT_TRUE(settled()) << "the pod's event brings the key back";
}

}  // namespace
}  // namespace mizzen::controllers
