#include "sim/world/log_time.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "sim/world/world.h"
#include "telemetry/log.h"

namespace mizzen::sim {
namespace {

TEST(LogTime, LinesOfASimulationShowVirtualTime) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  {
    World world(1);
    world.clock.advance(std::chrono::hours(25));
    log::configure({.fd = ends[1]});
    log::info("test", "a line");
    log::configure({.fd = -1});
  }
  char line[256];
  const ssize_t n = ::read(ends[0], line, sizeof line);
  ASSERT_GT(n, 0);
  // The clock of a simulation begins on 14 November 2023, 22:13:20.
  EXPECT_EQ(std::string(line, static_cast<size_t>(n)).substr(0, 14), "I1115 23:13:20");
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace mizzen::sim
