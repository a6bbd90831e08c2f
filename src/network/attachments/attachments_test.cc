#include "network/attachments/attachments.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>

#include "async/executor.h"
#include "async/stop.h"
#include "linux/testing/scratch.h"
#include "network/plan/network_options.h"
#include "network/testing/fake_plane.h"

namespace mizzen::network {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

Deadline soon() { return Deadline::after(std::chrono::seconds(20), real_clock()); }

/// Attachments on a fake data plane. A pod's namespace is a link to the test's own, which can go.
class AttachmentsTest : public ::testing::Test {
 protected:
  AttachmentsTest() { restart(); }
  /// As after a kill: nothing but the journal and what the data plane has is left.
  void restart(const std::string& boot = "boot") {
    attachments_.reset();
    Remembered remembered;
    journal_ = std::move(*Journal::open(scratch_.at("journal"), boot, remembered));
    attachments_ = std::make_unique<Attachments>(
        *node_settings({.pod_range = range_, .data_folder = scratch_.path()}), remembered, *journal_, plane_);
  }
  std::string space(const std::string& id) {
    const auto path = scratch_.at(id);
    if (!path_exists(path)) EXPECT_EQ(::symlink("/proc/self/ns/net", path.c_str()), 0);
    return path;
  }
  void end_namespace(const std::string& id) { EXPECT_EQ(::unlink(scratch_.at(id).c_str()), 0); }
  Result<PodAttachment> attach(const std::string& id, std::vector<HostPort> ports = {}) {
    return attachments_->attach({{id, "eth0"}, space(id), "default/" + id, std::move(ports)}, soon());
  }
  Result<void> detach(const std::string& id) { return attachments_->detach({id, "eth0"}, soon()); }

  linux::ScratchFolder scratch_;
  std::string range_ = "10.42.0.0/24";
  FakePlane plane_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Attachments> attachments_;
};

const HostPort kWeb{"tcp", 80, 8080, ""};

TEST_F(AttachmentsTest, APodComesAndGoes) {
  const auto a = attach("a", {kWeb});
  ASSERT_TRUE(a.ok());
  EXPECT_EQ(a->addresses.front(), (PodAddress{"10.42.0.2", 24, "10.42.0.1"}));
  EXPECT_EQ(*attach("a", {kWeb}), *a) << "again is the same";
  EXPECT_THAT(plane_.wired(), ElementsAre(Pair("10.42.0.2", "a")));
  EXPECT_THAT(plane_.ports(), ElementsAre(Pair("tcp/80", "10.42.0.2")));
  EXPECT_TRUE(attachments_->check({"a", "eth0"}, soon()).ok());
  EXPECT_TRUE(attach("a").ok()) << "without the port now";
  EXPECT_THAT(plane_.ports(), IsEmpty());
  EXPECT_TRUE(detach("a").ok());
  EXPECT_TRUE(detach("a").ok());
  EXPECT_THAT(plane_.wired(), IsEmpty());
  EXPECT_EQ(attachments_->check({"a", "eth0"}, soon()).error().code(), Code::NotFound);
  EXPECT_EQ(attach("b")->addresses.front().address, "10.42.0.3")
      << "the freed one is the last to be given again";
}

TEST_F(AttachmentsTest, WhatMakesNoSenseIsRefused) {
  for (const char* id : {"", "a/b", "..", "a b"})
    EXPECT_EQ(attachments_->attach({{id, "eth0"}, space("s"), "", {}}, soon()).error().code(),
              Code::BadRequest);
  EXPECT_EQ(attachments_->attach({{"a", "x/y"}, space("s"), "", {}}, soon()).error().code(),
            Code::BadRequest);
  EXPECT_EQ(attachments_->attach({{"a", "eth0"}, scratch_.at("absent"), "", {}}, soon()).error().code(),
            Code::NotFound);
  ASSERT_TRUE(write_file(scratch_.at("file"), "").ok());
  EXPECT_EQ(attachments_->attach({{"a", "eth0"}, scratch_.at("file"), "", {}}, soon()).error().code(),
            Code::NotFound)
      << "what is left of the mount of a namespace is none";
  EXPECT_THAT(attachments_->plan().pods, IsEmpty());
}

// A is deleted by force and B takes its place with the same host port.

TEST_F(AttachmentsTest, APortOfALivingPodIsRefusedAndStaysItsOwn) {
  ASSERT_TRUE(attach("a", {kWeb}).ok());
  const auto b = attach("b", {kWeb});
  ASSERT_FALSE(b.ok());
  EXPECT_EQ(b.error().code(), Code::Conflict);
  EXPECT_THAT(b.error().message(), HasSubstr("pod default/a (container a)"));
  EXPECT_THAT(plane_.ports(), ElementsAre(Pair("tcp/80", "10.42.0.2"))) << "the failed ADD took nothing away";
  EXPECT_TRUE(detach("b").ok());
  EXPECT_THAT(plane_.ports(), ElementsAre(Pair("tcp/80", "10.42.0.2"))) << "nor did its DEL";
  EXPECT_TRUE(detach("a").ok());
  EXPECT_TRUE(attach("b", {kWeb}).ok());
}

TEST_F(AttachmentsTest, ALateDetachLeavesThePortToItsNewHolder) {
  ASSERT_TRUE(attach("a", {kWeb}).ok());
  end_namespace("a");
  const auto b = attach("b", {kWeb});
  ASSERT_TRUE(b.ok()) << "one that ended does not hold a port";
  EXPECT_TRUE(detach("a").ok());
  EXPECT_TRUE(detach("a").ok());
  EXPECT_THAT(plane_.ports(), ElementsAre(Pair("tcp/80", b->addresses.front().address)));
  EXPECT_THAT(plane_.wired(), ElementsAre(Pair(b->addresses.front().address, "b")));
}

TEST_F(AttachmentsTest, APortIsHeldUntilNothingLeadsToItsHolder) {
  ASSERT_TRUE(attach("a", {kWeb}).ok());
  plane_.on_unwire = [](const PodAttachment&) { return Error(Code::InternalError, "busy"); };
  EXPECT_FALSE(detach("a").ok());
  plane_.on_unwire = nullptr;
  EXPECT_THAT(attach("b", {kWeb}).error().message(), HasSubstr("which is ending"));
  EXPECT_EQ(attach("c")->addresses.front().address, "10.42.0.3") << "nor is the address given to another";
  EXPECT_TRUE(attachments_->resync(soon()).ok()) << "tries again what a detach could not do";
  EXPECT_TRUE(attach("b", {kWeb}).ok());
}

TEST_F(AttachmentsTest, AFailedAttachLeavesNothing) {
  plane_.on_wire = [](const PodAttachment&) { return Error(Code::InternalError, "no such bridge"); };
  EXPECT_FALSE(attach("a", {kWeb}).ok());
  plane_.on_wire = nullptr;
  plane_.on_publish = []() { return Error(Code::InternalError, "no rules"); };
  EXPECT_FALSE(attach("b", {kWeb}).ok());
  plane_.on_publish = nullptr;
  EXPECT_TRUE(attachments_->resync(soon()).ok());
  EXPECT_THAT(plane_.wired(), IsEmpty());
  EXPECT_THAT(plane_.ports(), IsEmpty());
  EXPECT_THAT(attachments_->plan().pods, IsEmpty());
  restart();
  EXPECT_THAT(attachments_->plan().pods, IsEmpty());
}

TEST_F(AttachmentsTest, ARestartFindsAllAsItWasAndChangesNothing) {
  ASSERT_TRUE(attach("a", {kWeb}).ok());
  ASSERT_TRUE(attach("b").ok());
  ASSERT_TRUE(detach("a").ok());
  const auto before = attachments_->plan();
  const int publishes = plane_.publishes();
  restart();
  EXPECT_EQ(attachments_->plan().pods, before.pods);
  EXPECT_EQ(*attachments_->resync(soon()), "");
  EXPECT_EQ(plane_.publishes(), publishes);
  EXPECT_EQ(attach("c")->addresses.front().address, "10.42.0.4") << "it goes on where it was";
}

TEST_F(AttachmentsTest, WhatEndedMeanwhileGoesAtTheStart) {
  ASSERT_TRUE(attach("a", {kWeb}).ok());
  ASSERT_TRUE(attach("b").ok());
  end_namespace("a");
  restart();
  EXPECT_TRUE(attachments_->resync(soon()).ok());
  EXPECT_THAT(plane_.wired(), ElementsAre(Pair("10.42.0.3", "b")));
  EXPECT_THAT(plane_.ports(), IsEmpty());
  restart();
  EXPECT_EQ(attachments_->plan().pods.size(), 1u) << "for good";
}

TEST_F(AttachmentsTest, WhatCannotBeLookedAtIsNotGone) {
  ASSERT_TRUE(attach("a", {kWeb}).ok());
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  const rlimit none{0, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto done = attachments_->resync(soon());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
  EXPECT_TRUE(done.ok());
  EXPECT_THAT(plane_.wired(), ElementsAre(Pair("10.42.0.2", "a"))) << "for want of a descriptor";
}

TEST_F(AttachmentsTest, AllThatEndedMakeRoomForOneOnAllAddresses) {
  ASSERT_TRUE(attach("a", {{"tcp", 80, 80, "1.1.1.1"}}).ok());
  ASSERT_TRUE(attach("b", {{"tcp", 80, 80, "2.2.2.2"}}).ok());
  end_namespace("a");
  end_namespace("b");
  EXPECT_TRUE(attach("c", {kWeb}).ok());
  EXPECT_EQ(attachments_->plan().pods.size(), 1u);
}

TEST_F(AttachmentsTest, AnotherNamespaceAtTheSamePathIsAnotherPods) {
  ASSERT_TRUE(attach("a", {kWeb}).ok());
  end_namespace("a");
  ASSERT_EQ(::symlink("/proc/self/ns/uts", scratch_.at("a").c_str()), 0);
  EXPECT_TRUE(attachments_->resync(soon()).ok());
  EXPECT_THAT(attachments_->plan().pods, IsEmpty());
}

TEST_F(AttachmentsTest, AfterABootNothingOfTheLastOneIsLeft) {
  ASSERT_TRUE(attach("a", {kWeb}).ok());
  plane_.wipe();  // as the kernel is
  restart("next boot");
  EXPECT_THAT(attachments_->plan().pods, IsEmpty()) << "though a namespace stands at that path";
  EXPECT_TRUE(detach("a").ok());
}

TEST_F(AttachmentsTest, ACrashAnywhereInAnAttachIsUndoneByDetach) {
  // Where it stops: after the journal, after the link, after the ports; then nobody gets an answer.
  struct Crash {};
  for (int step = 0; step < 3; ++step) {
    const auto id = fmt::format("c{}", step);
    Attachments* const crashed = attachments_.release();
    plane_.on_wire = [&](const PodAttachment&) -> Result<void> {
      if (step == 0) throw Crash();
      return {};
    };
    plane_.on_publish = [&]() -> Result<void> {
      if (step == 1) throw Crash();
      return {};
    };
    try {
      EXPECT_TRUE(crashed->attach({{id, "eth0"}, space(id), "", {kWeb}}, soon()).ok());
    } catch (const Crash&) {
    }
    plane_.on_wire = nullptr;
    plane_.on_publish = nullptr;
    restart();
    EXPECT_EQ(attachments_->plan().pods.size(), 1u) << "it is known, so it can be undone";
    EXPECT_TRUE(attachments_->resync(soon()).ok());
    EXPECT_EQ(plane_.wired().size(), 1u) << step;
    EXPECT_TRUE(detach(id).ok());
    EXPECT_THAT(plane_.wired(), IsEmpty()) << step;
    EXPECT_THAT(plane_.ports(), IsEmpty()) << step;
    restart();
    EXPECT_THAT(attachments_->plan().pods, IsEmpty()) << step;
    delete crashed;
  }
}

TEST_F(AttachmentsTest, WhatSomebodyTookAwayIsMended) {
  ASSERT_TRUE(attach("a", {kWeb}).ok());
  plane_.wipe();
  EXPECT_EQ(*attachments_->resync(soon()), "all");
  EXPECT_EQ(*attachments_->resync(soon()), "");
  EXPECT_THAT(plane_.ports(), ElementsAre(Pair("tcp/80", "10.42.0.2")));
  plane_.wipe();
  EXPECT_TRUE(attachments_->check({"a", "eth0"}, soon()).ok()) << "a check mends it too";
}

TEST_F(AttachmentsTest, KeepOnlyTakesTheOthersDown) {
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(attach(id).ok());
  EXPECT_TRUE(attachments_->keep_only({{"b", "eth0"}, {"x", "eth0"}}, soon()).ok());
  EXPECT_THAT(plane_.wired(), ElementsAre(Pair("10.42.0.3", "b")));
}

TEST_F(AttachmentsTest, AUsedUpRangeSaysSoAndAPodThatGoesMakesRoom) {
  range_ = "10.42.0.0/29";
  restart();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(attach(fmt::format("p{}", i)).ok());
  EXPECT_EQ(attach("more").error().code(), Code::TooManyRequests);
  ASSERT_TRUE(detach("p2").ok());
  EXPECT_TRUE(attach("more").ok());
}

TEST_F(AttachmentsTest, TwoHundredAndFiftyPodsFillARange) {
  for (int i = 0; i < 250; ++i) ASSERT_TRUE(attach(fmt::format("p{}", i), {{"tcp", 1000 + i, 80, ""}}).ok());
  EXPECT_EQ(plane_.wired().size(), 250u) << "each has an address of its own";
  EXPECT_EQ(plane_.ports().size(), 250u);
  restart();
  EXPECT_EQ(*attachments_->resync(soon()), "");
  EXPECT_EQ(attachments_->plan().pods.size(), 250u);
}

TEST_F(AttachmentsTest, FiftyAtOnceAreWorkedOnBesideEachOtherAndShareTransactions) {
  constexpr size_t kPods = 50;
  ThreadPool pool(real_clock(), {.threads_max = kPods});
  std::atomic<size_t> wiring = 0, ok = 0;
  plane_.on_wire = [&](const PodAttachment&) -> Result<void> {
    ++wiring;
    const auto until = soon();
    while (wiring < kPods && !until.expired())
      StopToken().wait_until(Deadline::after(std::chrono::milliseconds(1), real_clock()));
    return wiring == kPods ? Result<void>() : Error(Code::Timeout, "alone");
  };
  std::atomic<bool> first = true;
  plane_.on_publish = [&]() -> Result<void> {
    // Those who come meanwhile wait for this one.
    if (first.exchange(false))
      StopToken().wait_until(Deadline::after(std::chrono::milliseconds(100), real_clock()));
    return {};
  };
  for (size_t i = 0; i < kPods; ++i) space(fmt::format("p{}", i));
  for (size_t i = 0; i < kPods; ++i) {
    ASSERT_TRUE(pool.post([&, i] {
      if (attach(fmt::format("p{}", i), {{"tcp", static_cast<int>(1000 + i), 80, ""}}).ok()) ++ok;
    }));
  }
  pool.stop();
  EXPECT_EQ(ok, kPods);
  EXPECT_EQ(plane_.ports().size(), kPods);
  EXPECT_LE(plane_.publishes(), 10) << "not one for each";
}

TEST_F(AttachmentsTest, CallsForOneContainerAndLooksBesideThemEndInOrder) {
  ThreadPool pool(real_clock(), {.threads_max = 16});
  std::atomic<int> failed = 0;
  for (const char* id : {"a", "b", "c"}) space(id);
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(pool.post([&, i] {
      const std::string id(1, static_cast<char>('a' + i % 3));
      if (i % 7 == 0) {
        if (!attachments_->resync(soon()).ok()) ++failed;
      } else if (i % 2) {
        if (!attach(id, {{"tcp", 80 + i % 3, 80, ""}}).ok()) ++failed;
      } else if (!detach(id).ok()) {
        ++failed;
      }
    }));
  }
  pool.stop();
  EXPECT_EQ(failed, 0);
  for (const char* id : {"a", "b", "c"}) EXPECT_TRUE(detach(id).ok());
  EXPECT_THAT(plane_.wired(), IsEmpty());
  EXPECT_THAT(plane_.ports(), IsEmpty());
}

}  // namespace
}  // namespace mizzen::network
