#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "base/file.h"
#include "cri/blocking.h"
#include "cri/testing/fake_runtime.h"
#include "http/message/gzip.h"
#include "kubelet/logs/log_file.h"
#include "kubelet/logs/log_request.h"
#include "kubelet/logs/log_rotation.h"
#include "kubelet/logs/termination_message.h"
#include "linux/files/file.h"
#include "linux/testing/scratch.h"

namespace mizzen::kubelet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kLog =
    "2026-01-01T00:00:01.5Z stdout F one\n"
    "2026-01-01T00:00:02Z stderr P tw\n"
    "2026-01-01T00:00:02.000000001Z stderr F o\n"
    "garbage\n"
    "2026-01-01T00:00:03.123456789Z stdout F three\n";

std::string read(const LogOptions& options, const std::string& content = kLog) {
  linux::ScratchFolder scratch;
  EXPECT_TRUE(write_file(scratch.at("log"), content).ok());
  auto log = LogFile::open(scratch.at("log"), options);
  EXPECT_TRUE(log.ok());
  std::string out;
  for (;;) {
    auto more = log->next();
    EXPECT_TRUE(more.ok());
    if (!more.ok() || more->empty()) return out;
    out += *more;
  }
}

TEST(LogFile, GivesWhatTheContainerWrote) { EXPECT_EQ(read({}), "one\ntwo\nthree\n"); }

TEST(LogFile, TimestampsHaveNineDigitsAndStandAtLineStarts) {
  EXPECT_EQ(read({.timestamps = true}),
            "2026-01-01T00:00:01.500000000Z one\n2026-01-01T00:00:02.000000000Z "
            "two\n2026-01-01T00:00:03.123456789Z three\n");
}

TEST(LogFile, TailSinceAndLimitCutIt) {
  EXPECT_EQ(read({.tail_lines = 1}), "three\n");
  EXPECT_EQ(read({.tail_lines = 0}), "");
  EXPECT_EQ(read({.tail_lines = 100}), "one\ntwo\nthree\n");
  EXPECT_EQ(read({.since = *codec::parse_time("2026-01-01T00:00:03Z")}), "three\n");
  EXPECT_EQ(read({.limit_bytes = 5}), "one\nt");
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "2026-01-01T00:00:01Z stdout F line\n";
  EXPECT_EQ(read({.tail_lines = 12'345}, many).size(), 12'345u * 5);
}

TEST(LogFile, FollowsGrowthAndRotation) {
  linux::ScratchFolder scratch;
  ASSERT_TRUE(write_file(scratch.at("log"), kLog).ok());
  auto log = LogFile::open(scratch.at("log"), {});
  EXPECT_EQ(*log->next(), "one\ntwo\nthree\n");
  EXPECT_EQ(*log->next(), "");
  EXPECT_FALSE(*log->reopen_if_replaced());
  ASSERT_TRUE(write_file(scratch.at("log"), "2026-01-01T00:00:04Z stdout F four\n").ok());
  EXPECT_TRUE(*log->reopen_if_replaced());
  EXPECT_EQ(*log->next(), "four\n");
  EXPECT_FALSE(LogFile::open(scratch.at("none"), {}).ok());
}

TEST(TerminationMessage, ComesFromTheFileElseFromTheLog) {
  linux::ScratchFolder scratch;
  ASSERT_TRUE(write_file(scratch.at("log"), kLog).ok());
  ASSERT_TRUE(write_file(scratch.at("message"), "why").ok());
  ContainerRecord c;
  c.exit_code = 1;
  c.log_path = scratch.at("log");
  c.termination_path = scratch.at("message");
  c.termination_policy = "FallbackToLogsOnError";
  EXPECT_EQ(termination_message(c, 4096), "why");
  ASSERT_TRUE(write_file(scratch.at("message"), "").ok());
  EXPECT_EQ(termination_message(c, 4096), "one\ntwo\nthree\n");
  c.termination_policy = "File";
  EXPECT_EQ(termination_message(c, 4096), "");
}

TEST(LogRequest, RefusesWhatMakesNoSense) {
  const auto parse = [](const char* raw) {
    return parse_log_request(*http::Query::parse(raw), WallTime(std::chrono::seconds(1000)));
  };
  EXPECT_TRUE(parse("follow=true&tailLines=5&timestamps=1")->follow);
  EXPECT_EQ(parse("sinceSeconds=10")->options.since->seconds, 990);
  EXPECT_FALSE(parse("tailLines=-1").ok());
  EXPECT_FALSE(parse("limitBytes=0").ok());
  EXPECT_FALSE(parse("sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z").ok());
}

TEST(LogRequest, FindsTheContainerOrSaysWhyNot) {
  Pod pod;
  pod.metadata.name = "p";
  auto& s = pod.status.containerStatuses.emplace_back();
  s.name = "c";
  s.state.waiting.ensure().reason = "ContainerCreating";
  EXPECT_EQ(container_of_log(pod, "c", false).error().message(),
            "container \"c\" in pod \"p\" is waiting to start: ContainerCreating");
  s.state.waiting->reason = "ImagePullBackOff";
  EXPECT_THAT(container_of_log(pod, "c", false).error().message(),
              HasSubstr("trying and failing to pull image"));
  EXPECT_EQ(container_of_log(pod, "c", true).error().message(),
            "previous terminated container \"c\" in pod \"p\" not found");
  s.lastState.terminated.ensure().containerID = "containerd://old";
  EXPECT_EQ(*container_of_log(pod, "c", true), "old");
  EXPECT_EQ(*container_of_log(pod, "c", false), "old");
  s.state = {};
  s.state.running.ensure();
  s.containerID = "containerd://new";
  EXPECT_EQ(*container_of_log(pod, "c", false), "new");
}

TEST(RemoveLog, TakesWhatWasRotatedOutOfItToo) {
  linux::ScratchFolder scratch;
  const auto folder = scratch.at("c");
  ASSERT_TRUE(make_folders(folder, 0755).ok());
  for (const char* name : {"1.log", "1.log.20260101-000000.gz", "1.log.20260102-000000",
                           "1.log.20260102-000000.tmp", "2.log", "11.log", "11.log.20260101-000000"})
    ASSERT_TRUE(write_file(folder + "/" + name, "x").ok());
  ASSERT_TRUE(remove_log(folder + "/1.log").ok());
  EXPECT_THAT(*linux::list_folder(folder),
              ::testing::UnorderedElementsAre("2.log", "11.log", "11.log.20260101-000000"));
  EXPECT_TRUE(remove_log(scratch.at("never") + "/1.log").ok());
}

TEST(LogRotation, KeepsTheNewestAndCompressesAllButTheLastOne) {
  const std::vector<std::string> rotated = {"0.log.20260101-000000.gz",  "0.log.20260102-000000",
                                            "0.log.20260101-120000.gz",  "1.log.20260101-000000",
                                            "0.log.20260101-110000.tmp", "0.log"};
  const auto plan = plan_rotation("0.log", rotated, 4);
  EXPECT_THAT(plan.remove, ElementsAre("0.log.20260101-110000.tmp", "0.log.20260101-000000.gz"));
  EXPECT_THAT(plan.compress, ElementsAre("0.log.20260102-000000"));
  EXPECT_THAT(plan_rotation("0.log", {}, 2).remove, IsEmpty());
}

TEST(LogRotation, RotatesTheLogsOfRunningContainersThatAreTooBig) {
  linux::ScratchFolder scratch;
  ManualClock clock;
  ThreadPool pool(real_clock(), {.name = "runtime"});
  cri::FakeRuntime runtime(clock, pool);
  cri::v1::RunPodSandboxRequest sandbox;
  sandbox.config.ensure().metadata.ensure().name = "p";
  const auto placed = cri::wait<&cri::Runtime::run_pod_sandbox>(runtime, sandbox, Deadline::never());
  ASSERT_TRUE(placed.ok());
  cri::v1::CreateContainerRequest create;
  create.pod_sandbox_id = placed->pod_sandbox_id;
  create.config.ensure().metadata.ensure().name = "c";
  const auto made = cri::wait<&cri::Runtime::create_container>(runtime, create, Deadline::never());
  ASSERT_TRUE(made.ok()) << made.error().message();
  cri::v1::StartContainerRequest start;
  start.container_id = made->container_id;
  ASSERT_TRUE(cri::wait<&cri::Runtime::start_container>(runtime, start, Deadline::never()).ok());
  const std::string folder = scratch.at("default_p_u1/c");
  ASSERT_TRUE(make_folders(folder).ok());
  ASSERT_TRUE(write_file(folder + "/0.log", std::string(200, 'o')).ok());  // of an earlier, dead one
  ASSERT_TRUE(write_file(folder + "/1.log", std::string(50, 'x')).ok());
  const RunningLog none{"other", scratch.at("none/0.log")}, log{made->container_id, folder + "/1.log"};
  LogRotation rotation({runtime, clock, [&] { return std::vector<RunningLog>{none, log}; }}, {100, 3});
  EXPECT_EQ(rotation.tick(), 0u) << "small enough, or not there";
  const auto grow = [&](char c) { ASSERT_TRUE(write_file(folder + "/1.log", std::string(101, c)).ok()); };
  for (const char c : {'a', 'b', 'c'}) {
    grow(c);
    clock.advance(std::chrono::seconds(10));
    EXPECT_EQ(rotation.tick(), 1u);
  }
  EXPECT_THAT(*linux::list_folder(folder),
              ElementsAre("0.log", "1.log.20231114-221340.gz", "1.log.20231114-221350"));
  EXPECT_EQ(*http::gunzip(*read_file(folder + "/1.log.20231114-221340.gz"), 1000), std::string(101, 'b'));
  EXPECT_EQ(*read_file(folder + "/1.log.20231114-221350"), std::string(101, 'c'));
  grow('d');
  runtime.fail_next("ReopenContainerLog", Error(Code::InternalError, "no"));
  EXPECT_EQ(rotation.tick(), 0u);
  EXPECT_EQ(*read_file(folder + "/1.log"), std::string(101, 'd')) << "the runtime still writes there";
}

/// Appends, as the runtime does.
void append(const std::string& path, size_t bytes) {
  std::FILE* file = std::fopen(path.c_str(), "ae");
  ASSERT_NE(file, nullptr);
  std::fputs(std::string(bytes, 'x').c_str(), file);
  std::fclose(file);
}

TEST(LogRotation, LooksAtAQuietLogOnlyWhenItIsTouchedAndThenAtTheNextTick) {
  linux::ScratchFolder scratch;
  ManualClock clock;
  ThreadPool pool(real_clock(), {.name = "runtime"});
  cri::FakeRuntime runtime(clock, pool);
  const std::string quiet = scratch.at("quiet"), other = scratch.at("other");
  append(quiet, 50);
  append(other, 50);
  std::vector<RunningLog> running = {{"a", quiet}, {"b", other}};
  LogRotation rotation({runtime, clock, [&] { return running; }}, {100, 3});
  size_t tried = 0;  // the runtime has no such containers: a rotation begins, and fails
  const auto tick = [&] {
    clock.advance(std::chrono::seconds(10));
    const size_t before = runtime.count("ReopenContainerLog");
    EXPECT_EQ(rotation.tick(), 0u);
    tried = runtime.count("ReopenContainerLog") - before;
  };
  for (int i = 0; i < 3; ++i) tick();
  const auto looks = [&] {
    const uint64_t before = rotation.looks();
    tick();
    return rotation.looks() - before;
  };
  EXPECT_EQ(looks(), 0u);
  append(quiet, 10);
  EXPECT_EQ(looks(), 1u);
  EXPECT_EQ(tried, 0u);
  EXPECT_EQ(looks(), 1u) << "it may go on";
  EXPECT_EQ(looks(), 0u);
  append(other, 51);
  EXPECT_EQ(looks(), 1u);
  EXPECT_EQ(tried, 1u) << "within one tick of its growth";
  EXPECT_EQ(looks(), 1u);
  EXPECT_EQ(tried, 1u) << "again, as it failed, though nobody wrote";
  ASSERT_EQ(::rename(other.c_str(), scratch.at("away").c_str()), 0);
  append(other, 20);
  for (int i = 0; i < 3; ++i) tick();
  EXPECT_EQ(looks(), 0u);
  append(other, 81);
  EXPECT_EQ(looks(), 1u) << "it is followed under its name, not the file that was there once";
  EXPECT_EQ(tried, 1u);
  ASSERT_EQ(::truncate(other.c_str(), 0), 0);
  for (int i = 0; i < 3; ++i) tick();
  clock.advance(LogRotation::kLookAnyway);
  EXPECT_EQ(looks(), 2u);
  EXPECT_EQ(looks(), 0u);
  running.pop_back();
  tick();
  running.push_back({"b", other});
  EXPECT_EQ(looks(), 1u) << "one that came anew";
}

TEST(LogFile, FollowsIntoTheNextFileAfterTheLastLineOfTheOld) {
  linux::ScratchFolder scratch;
  const std::string path = scratch.at("0.log");
  ASSERT_TRUE(write_file(path, "2026-01-01T00:00:00Z stdout F one\n").ok());
  auto file = LogFile::open(path, {});
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*file->next(), "one\n");
  {
    std::FILE* old = std::fopen(path.c_str(), "a");
    std::fputs("2026-01-01T00:00:00Z stdout F two\n", old);
    std::fclose(old);
  }
  ASSERT_EQ(::rename(path.c_str(), (path + ".1").c_str()), 0);
  ASSERT_TRUE(write_file(path, "2026-01-01T00:00:01Z stdout F three\n").ok());
  std::string text;
  for (int i = 0; i < 4; ++i) {
    if (!*file->reopen_if_replaced()) break;
    for (auto more = file->next(); more.ok() && !more->empty(); more = file->next()) text += *more;
  }
  EXPECT_EQ(text, "two\nthree\n");
}

}  // namespace
}  // namespace mizzen::kubelet
