#include "sim/command/words.h"

#include <gtest/gtest.h>

#include <vector>

namespace mizzen::sim {
namespace {

std::optional<Words> read(std::vector<const char*> words) {
  words.insert(words.begin(), "mizzen_sim");
  return read_words(static_cast<int>(words.size()), words.data());
}

TEST(Words, SayWhatIsRun) {
  const auto words = read({"--seeds", "7", "--from", "9", "--nodes", "2", "--trouble", "30", "--no-faults",
                           "--store", "embedded", "--mutation", "drop-event", "--quiet"});
  ASSERT_TRUE(words);
  EXPECT_EQ(words->seeds, 7u);
  EXPECT_EQ(words->from, 9u);
  EXPECT_EQ(words->options.nodes, 2);
  EXPECT_EQ(words->options.trouble, std::chrono::seconds(30));
  EXPECT_FALSE(words->options.faults);
  EXPECT_TRUE(words->options.embedded);
  EXPECT_EQ(words->options.mutation, Mutation::DropEvent);
  EXPECT_TRUE(words->quiet);
}

TEST(Words, SayWhichPlanOfASweep) {
  const auto words = read({"--plan", "rewind", "scheduler", "4"});
  ASSERT_TRUE(words);
  EXPECT_EQ(words->plan.kind, Plan::Kind::Rewind);
  EXPECT_EQ(words->plan.who, "scheduler");
  EXPECT_EQ(words->plan.at, 4u);
  EXPECT_EQ(read({"--sieve", "--every", "3"})->sweep.every, 3u);
}

TEST(Words, WhatIsUnknownIsRefused) {
  for (const auto& words : std::vector<std::vector<const char*>>{{"--seeds"},
                                                                 {"--seeds", "x"},
                                                                 {"--store", "paper"},
                                                                 {"--every", "0"},
                                                                 {"--nodes", "101"},
                                                                 {"--mutation", "none"},
                                                                 {"seeds"}})
    EXPECT_FALSE(read(words)) << words[0];
}

}  // namespace
}  // namespace mizzen::sim
