#include "linux/process/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux/process/appended_log.h"
#include "linux/process/supervisor.h"
#include "linux/testing/scratch.h"

namespace mizzen::linux {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

TEST(Run, CollectsBothStreamsInputAndCode) {
  auto out = run({.argv = {"sh", "-c", "cat; echo \"$GREETING\"; echo bad >&2; exit 3"},
                  .extra_environment = {"GREETING=hello"},
                  .input = std::string(200'000, 'x') + "\n"});
  ASSERT_TRUE(out.ok()) << out.error().message();
  EXPECT_EQ(out->exit_code, 3);
  EXPECT_EQ(out->output.size(), 200'001u + 6);
  EXPECT_THAT(out->output, HasSubstr("hello"));
  EXPECT_EQ(out->errors, "bad\n");
}

TEST(Run, ProgramThatTakesTooLongIsKilledWithItsChildren) {
  const auto before = real_clock().monotonic();
  auto out = run({.argv = {"sh", "-c", "sleep 60 & sleep 60"},
                  .deadline = Deadline::after(milliseconds(100), real_clock())});
  ASSERT_FALSE(out.ok());
  EXPECT_EQ(out.error().code(), Code::Timeout);
  EXPECT_LT(real_clock().monotonic() - before, seconds(5));
}

TEST(Run, AbsentProgramIsNotFoundAndOutputIsBounded) {
  EXPECT_EQ(run({.argv = {"mizzen-no-such-program"}}).error().code(), Code::NotFound);
  auto out = run({.argv = {"sh", "-c", "head -c 100000 /dev/zero"}, .output_bytes_max = 1000});
  EXPECT_EQ(out->output.size(), 1000u);
  EXPECT_EQ(run({.argv = {"sh", "-c", "kill -9 $$"}})->exit_code, 137);
}

TEST(Process, SpawnedChildHasItsOwnSessionAndNoDescriptors) {
  ScratchFolder scratch;
  auto process = Process::spawn(
      {.argv = {"sh", "-c", "ls /proc/self/fd | wc -l; exec sleep 60"}, .log_path = scratch.at("log")});
  ASSERT_TRUE(process.ok());
  EXPECT_EQ(::getsid(process->pid()), process->pid());
  EXPECT_TRUE(process->running());
  auto waited = process->wait(Deadline::after(milliseconds(300), real_clock()));
  ASSERT_TRUE(waited.ok());
  EXPECT_FALSE(waited->has_value());
  EXPECT_EQ(*read_file(scratch.at("log")), "4\n") << "0, 1, 2 and the one ls reads the folder with";
  ASSERT_TRUE(process->terminate(seconds(5), real_clock()).ok());
  EXPECT_FALSE(process->running());
  EXPECT_EQ((*process->wait(Deadline::never()))->signal, SIGTERM);
}

TEST(Process, OneThatIgnoresTermIsKilled) {
  auto process = Process::spawn({.argv = {"sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"}});
  ASSERT_TRUE(process.ok());
  auto ready = process->wait(Deadline::after(milliseconds(200), real_clock()));  // lets it set the trap
  ASSERT_TRUE(ready.ok());
  ASSERT_TRUE(process->terminate(milliseconds(200), real_clock()).ok());
  EXPECT_EQ((*process->wait(Deadline::never()))->signal, SIGKILL);
}

TEST(Process, AdoptionRefusesAReusedProcessId) {
  auto process = Process::spawn({.argv = {"sleep", "60"}});
  ASSERT_TRUE(process.ok());
  EXPECT_TRUE(Process::adopt(process->pid(), process->start_ticks()).ok());
  EXPECT_FALSE(Process::adopt(process->pid(), process->start_ticks() + 1).ok());
  ASSERT_TRUE(process->terminate(seconds(5), real_clock()).ok());
  EXPECT_FALSE(Process::adopt(process->pid(), process->start_ticks()).ok());
}

TEST(Supervisor, RestartsWhatDiesAndTakesOverWhatRuns) {
  ScratchFolder scratch;
  Supervisor::Options options{.clock = real_clock(),
                              .name = "sleeper",
                              .program = {.argv = {"sleep", "60"}, .log_path = scratch.at("log")},
                              .pid_file = scratch.at("pid"),
                              .restart_min = milliseconds(10)};
  pid_t second = 0;
  {
    Supervisor supervisor(options);
    ASSERT_TRUE(supervisor.start().ok());
    const pid_t first = supervisor.pid();
    ::kill(first, SIGKILL);
    for (int i = 0; i < 500 && supervisor.restarts() == 0; ++i) ::usleep(10'000);
    second = supervisor.pid();
    EXPECT_EQ(supervisor.restarts(), 1);
    EXPECT_NE(first, second);
  }
  EXPECT_EQ(::kill(second, 0), 0) << "the program outlives its supervisor";
  Supervisor next(options);
  ASSERT_TRUE(next.start().ok());
  EXPECT_EQ(next.pid(), second);
  ASSERT_TRUE(next.terminate(seconds(5)).ok());
  EXPECT_FALSE(path_exists(scratch.at("pid")));
  int status = 0;
  ::waitpid(second, &status, 0);  // adopted ones are not reaped by the supervisor
}

TEST(Supervisor, KeepsTheLogOfAProgramThatNeverOpensItAnewBounded) {
  ScratchFolder scratch;
  const std::string path = scratch.at("log");
  // 100 bytes every 10 ms, into one descriptor.
  Supervisor supervisor(
      {.clock = real_clock(),
       .name = "writer",
       .program = {.argv = {"sh", "-c", "while :; do printf '%0100d' 1; sleep 0.01; done"}, .log_path = path},
       .pid_file = scratch.at("pid"),
       .log_bytes_max = 1000,
       .log_look = milliseconds(50)});
  ASSERT_TRUE(supervisor.start().ok());
  const pid_t pid = supervisor.pid();
  int rounds = 0;
  uint64_t last = 0, largest = 0;
  for (int i = 0; i < 2000 && rounds < 3; ++i) {
    struct stat st{};
    if (::stat(path.c_str(), &st) == 0) {
      const auto size = static_cast<uint64_t>(st.st_size);
      largest = std::max(largest, size);
      rounds += size < last;
      last = size;
    }
    ::usleep(5'000);
  }
  EXPECT_EQ(supervisor.pid(), pid);
  EXPECT_EQ(supervisor.restarts(), 0) << "a look at the log is no end of the program";
  ASSERT_TRUE(supervisor.terminate(seconds(5)).ok());
  EXPECT_EQ(rounds, 3);
  EXPECT_LT(largest, 20'000u);
  EXPECT_GE(read_file(path + ".1")->size(), 1000u);
  EXPECT_LT(read_file(path + ".1")->size(), 2000u) << "what came while it was cut is kept, too";
}

TEST(BoundedLog, KeepsTheNewestBytes) {
  ScratchFolder scratch;
  const std::string path = scratch.at("log");
  EXPECT_FALSE(*bound_appended_log(path, 4));
  ASSERT_TRUE(write_file(path, "1234").ok());
  EXPECT_FALSE(*bound_appended_log(path, 4));
  ASSERT_TRUE(write_file(path, "12345").ok());
  EXPECT_TRUE(*bound_appended_log(path, 4));
  EXPECT_EQ(*read_file(path), "");
  EXPECT_EQ(*read_file(path + ".1"), "2345");
  EXPECT_FALSE(path_exists(path + ".1.tmp"));
}

TEST(Supervisor, FirstStartThatFailsIsTold) {
  ScratchFolder scratch;
  Supervisor supervisor({.clock = real_clock(),
                         .name = "none",
                         .program = {.argv = {"mizzen-no-such-program"}},
                         .pid_file = scratch.at("pid")});
  EXPECT_EQ(supervisor.start().error().code(), Code::NotFound);
}

}  // namespace
}  // namespace mizzen::linux
