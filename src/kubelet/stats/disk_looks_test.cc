#include "kubelet/stats/disk_looks.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>

#include "async/stop.h"
#include "base/file.h"
#include "linux/testing/scratch.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class DiskLooksTest : public ::testing::Test {
 protected:
  void fill(const std::string& name, size_t bytes) {
    EXPECT_TRUE(make_folders(scratch.at(name)).ok());
    EXPECT_TRUE(write_file(scratch.at(name + "/file"), std::string(bytes, 'x')).ok());
  }
  /// Drives what is due, as time passes, until it is so; for five seconds at most.
  void drive(const std::function<bool()>& done) {
    looks.tick();
    for (int i = 0; i < 5000 && !done(); ++i) {
      StopToken().wait_until(Deadline::after(milliseconds(1), real_clock()));
      clock.advance(milliseconds(2));
      alarms.tick();
    }
  }
  uint64_t bytes_of(const std::string& name) {
    const auto use = looks.last(scratch.at(name));
    return use ? use->bytes : 0;
  }

  linux::ScratchFolder scratch;
  ManualClock clock;
  ThreadPool pool{real_clock(), {.name = "looks"}};
  Alarms alarms{clock, [] {}};
  DiskLooks looks{{pool, alarms, clock, minutes(1)}};
};

TEST_F(DiskLooksTest, LooksAgainAfterAWhileAndForgetsWhatNobodyWants) {
  fill("a", 100'000);
  fill("b", 200'000);
  looks.want({scratch.at("a"), scratch.at("b")});
  EXPECT_EQ(looks.last(scratch.at("a")), std::nullopt) << "nothing is said before it was looked at";
  drive([&] { return bytes_of("a") > 0 && bytes_of("b") > 0; });
  EXPECT_GE(bytes_of("a"), 100'000u);
  EXPECT_GE(bytes_of("b"), 200'000u);
  fill("a", 400'000);
  drive([n = 0]() mutable { return ++n > 50; });
  EXPECT_LT(bytes_of("a"), 400'000u) << "not before its time";
  clock.advance(minutes(1));
  drive([&] { return bytes_of("a") >= 400'000; });
  EXPECT_GE(bytes_of("a"), 400'000u);
  looks.want({scratch.at("b")});
  EXPECT_EQ(bytes_of("a"), 0u);
  EXPECT_GE(bytes_of("b"), 200'000u);
}

TEST_F(DiskLooksTest, AFolderThatIsNotThereHoldsUpNobody) {
  fill("b", 200'000);
  looks.want({scratch.at("a"), scratch.at("b")});
  drive([&] { return bytes_of("b") > 0; });
  EXPECT_EQ(bytes_of("a"), 0u);
  EXPECT_GE(bytes_of("b"), 200'000u);
}

TEST_F(DiskLooksTest, ALargeFolderIsLookedAtInTurns) {
  ASSERT_TRUE(make_folders(scratch.at("large")).ok());
  for (size_t i = 0; i < DiskLooks::kEntriesPerTurn + 100; ++i)
    ASSERT_EQ(::mkdir(scratch.at("large/" + std::to_string(i)).c_str(), 0700), 0);
  looks.want({scratch.at("large")});
  looks.tick();
  StopToken().wait_until(Deadline::after(milliseconds(100), real_clock()));
  EXPECT_EQ(looks.last(scratch.at("large")), std::nullopt) << "one turn is not all";
  drive([&] { return looks.last(scratch.at("large")).has_value(); });
  const auto use = looks.last(scratch.at("large"));
  ASSERT_TRUE(use.has_value());
  EXPECT_GT(use->files, DiskLooks::kEntriesPerTurn);
  EXPECT_TRUE(use->whole);
}

TEST_F(DiskLooksTest, TheEndWaitsForNoAlarm) {
  fill("a", 10);
  looks.want({scratch.at("a")});
  looks.tick();
  StopToken().wait_until(Deadline::after(milliseconds(20), real_clock()));
  looks.stop();
  looks.tick();
}

}  // namespace
}  // namespace mizzen::kubelet
