#include "client/api/api_client.h"

#include <gtest/gtest.h>

namespace mizzen::client {
namespace {

TEST(Call, LastsItsTimeoutByTheClockOfWhoServesIt) {
  ManualClock clock;
  const Deadline until = Call{.timeout = std::chrono::seconds(5)}.until(clock);
  clock.advance(std::chrono::milliseconds(4999));
  EXPECT_FALSE(until.expired());
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_TRUE(until.expired());
}

TEST(Call, KeepsADeadlineThatItWasGiven) {
  ManualClock callers, servers;
  Call call;
  call.deadline = Deadline::after(std::chrono::seconds(1), callers);
  const Deadline until = call.until(servers);
  servers.advance(std::chrono::hours(1));
  EXPECT_FALSE(until.expired());
  callers.advance(std::chrono::seconds(1));
  EXPECT_TRUE(until.expired());
}

}  // namespace
}  // namespace mizzen::client
