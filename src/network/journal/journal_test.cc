#include "network/journal/journal.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>

#include "base/file.h"
#include "linux/testing/scratch.h"

namespace mizzen::network {
namespace {

PodAttachment pod(const std::string& id, const std::string& address) {
  PodAttachment out{.key = {id, "eth0"},
                    .pod = "default/" + id,
                    .network_namespace = "/run/netns/" + id,
                    .space = {4, 18446744073709551615ull},
                    .host_interface = "mz" + id,
                    .mac = "0a:58:0a:01:02:03",
                    .addresses = {},
                    .ports = {{"tcp", 80, 8080, "1.2.3.4"}, {"udp", 53, 53, ""}}};
  out.addresses = {{address, 24, "10.1.2.1"}};
  return out;
}

class JournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<Journal> open(const std::string& boot = "boot-1") {
    out_ = {};
    auto journal = Journal::open(path_, boot, out_);
    EXPECT_TRUE(journal.ok());
    return std::move(*journal);
  }
  linux::ScratchFolder scratch_;
  const std::string path_ = scratch_.at("journal");
  Remembered out_;
};

TEST_F(JournalTest, GivesBackWhatWasWritten) {
  auto journal = open();
  EXPECT_TRUE(out_.pods.empty());
  ASSERT_TRUE(journal->add(pod("b", "10.1.2.7")).ok());
  ASSERT_TRUE(journal->add(pod("a", "10.1.2.9")).ok());
  ASSERT_TRUE(journal->add(pod("z", "10.1.2.8")).ok());
  ASSERT_TRUE(journal->remove({"b", "eth0"}).ok());
  ASSERT_TRUE(journal->remove({"b", "eth0"}).ok());
  for (int i = 0; i < 3; ++i) {  // as often as it is opened
    journal = open();
    EXPECT_EQ(out_.pods.size(), 2u);
    EXPECT_EQ((out_.pods[{"a", "eth0"}]), pod("a", "10.1.2.9"));
    EXPECT_EQ(format_ipv4(out_.last), "10.1.2.8");
    EXPECT_EQ(out_.unreadable, 0u);
  }
}

TEST_F(JournalTest, AnotherBootRemembersNothing) {
  ASSERT_TRUE(open()->add(pod("a", "10.1.2.9")).ok());
  auto journal = open("boot-2");
  EXPECT_TRUE(out_.pods.empty()) << "though a namespace may stand at the same path again";
  EXPECT_EQ(out_.last, 0u);
  journal = open("boot-2");
  EXPECT_TRUE(out_.pods.empty());
}

TEST_F(JournalTest, EveryPrefixIsTheStateAtSomeMoment) {
  {
    auto journal = open();
    ASSERT_TRUE(journal->add(pod("a", "10.1.2.2")).ok());
    ASSERT_TRUE(journal->add(pod("b", "10.1.2.3")).ok());
    ASSERT_TRUE(journal->remove({"a", "eth0"}).ok());
  }
  const auto text = *read_file(path_);
  std::vector<size_t> sizes;
  for (size_t end = 0; end <= text.size(); ++end) {
    const auto told = parse_journal(std::string_view(text).substr(0, end), "boot-1");
    EXPECT_EQ(told.unreadable, 0u) << "a torn line was not acknowledged";
    if (sizes.empty() || sizes.back() != told.pods.size()) sizes.push_back(told.pods.size());
  }
  EXPECT_EQ(sizes, (std::vector<size_t>{0, 1, 2, 1}));
}

TEST_F(JournalTest, ALineThatMakesNoSenseIsCountedAndPassedOver) {
  {
    auto journal = open();
    ASSERT_TRUE(journal->add(pod("a", "10.1.2.2")).ok());
  }
  const auto text = *read_file(path_) + "{\"add\":{}}\nnonsense\n{\"remove\":3}\n";
  const auto told = parse_journal(text, "boot-1");
  EXPECT_EQ(told.pods.size(), 1u);
  EXPECT_EQ(told.unreadable, 3u);
}

TEST_F(JournalTest, DoesNotGrowWithWhatIsPast) {
  auto journal = open();
  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE(journal->add(pod("a", "10.1.2.2")).ok());
    ASSERT_TRUE(journal->remove({"a", "eth0"}).ok());
  }
  const auto text = *read_file(path_);
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), static_cast<long>(Journal::kSpareLines) + 4);
  journal = open();
  EXPECT_EQ(format_ipv4(out_.last), "10.1.2.2");
}

TEST_F(JournalTest, WhatCouldNotBeWrittenAsAWholeIsTakenBack) {
  auto journal = open();
  ASSERT_TRUE(journal->add(pod("a", "10.1.2.2")).ok());
  const auto before = *read_file(path_);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{before.size() + 20, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto refused = journal->add(pod("b", "10.1.2.3"));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  ::signal(SIGXFSZ, ignored);
  EXPECT_FALSE(refused.ok());
  EXPECT_EQ(*read_file(path_), before);
  ASSERT_TRUE(journal->add(pod("c", "10.1.2.3")).ok());
  journal = open();
  EXPECT_EQ(out_.pods.size(), 2u);
  EXPECT_EQ(out_.unreadable, 0u);
}

}  // namespace
}  // namespace mizzen::network
