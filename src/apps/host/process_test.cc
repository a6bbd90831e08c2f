#include "apps/host/process.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mizzen::apps {
namespace {

/// What becomes of a child whose stop goes on for ever.
int end_of_child(std::chrono::seconds stop_max) {
  const pid_t child = fork();
  if (child == 0) {
    Process process(stop_max);
    kill(getpid(), SIGTERM);
    if (process.wait() != SIGTERM) _exit(3);
    kill(getpid(), SIGTERM);
    while (true) pause();
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(Process, EndsThoughItsStopHangs) {
  const int status = end_of_child(std::chrono::seconds(1));
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

TEST(Process, AStopInTimeIsNotCutOff) {
  const pid_t child = fork();
  if (child == 0) {
    {
      Process process(std::chrono::seconds(1));
      kill(getpid(), SIGINT);
      process.wait();
    }
    sleep(2);
    _exit(7);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

}  // namespace
}  // namespace mizzen::apps
