#include "sim/power/truth.h"

#include <gtest/gtest.h>

namespace mizzen::sim {
namespace {

using store::Event;
using store::Revision;

Event put(const Truth& truth, uint64_t id, const std::string& key, int64_t revision) {
  Event out;
  out.kv = {key, store::make_bytes(truth.planned(id).value), Revision(revision), Revision(revision), 1, {}};
  return out;
}
store::RangeResult content(std::vector<Event> events) {
  store::RangeResult out;
  for (Event& event : events) out.kvs.push_back(std::move(event.kv));
  return out;
}

struct TruthTest : testing::Test {
  Truth truth;
  const uint64_t a = truth.plan({"k/a"}, {}, 1), b = truth.plan({"k/b"}, {}, 1);
};

TEST_F(TruthTest, WhatWasNotAnsweredMayHaveComeAboutAndThenStays) {
  truth.acknowledge(a, 2);
  const Event first = put(truth, a, "k/a", 2), second = put(truth, b, "k/b", 3);
  truth.tell({first});
  EXPECT_EQ(truth.check(2, {first}, content({first})), "");
  EXPECT_EQ(truth.check(3, {first, second}, content({first, second})), "");
  EXPECT_NE(truth.check(2, {first}, content({first})), "");
}

TEST_F(TruthTest, NothingAcknowledgedIsLost) {
  truth.acknowledge(a, 2);
  EXPECT_NE(truth.check(1, {}, {}), "");
}

TEST_F(TruthTest, NothingThatWatchesWereToldIsLost) {
  truth.tell({put(truth, a, "k/a", 2)});
  EXPECT_NE(truth.check(1, {}, {}), "");
}

TEST_F(TruthTest, HistoryHasNoHole) {
  const Event late = put(truth, a, "k/a", 3);
  EXPECT_NE(truth.check(3, {late}, content({late})), "");
}

TEST_F(TruthTest, NothingIsThereThatNobodyAskedFor) {
  Event strange = put(truth, a, "k/c", 2);
  EXPECT_NE(truth.check(2, {strange}, content({strange})), "");
}

TEST_F(TruthTest, ContentIsWhatHistoryMakes) {
  const Event first = put(truth, a, "k/a", 2);
  EXPECT_NE(truth.check(2, {first}, {}), "");
}

}  // namespace
}  // namespace mizzen::sim
