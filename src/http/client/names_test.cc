#include "http/client/names.h"

#include <gtest/gtest.h>

#include <functional>

namespace mizzen::http {
namespace {

/// Look-ups that run when the test says so.
struct Held {
  bool post(std::function<void()> f) {
    if (full) return false;
    waiting.push_back(std::move(f));
    return true;
  }
  NamesAsked::Post poster() {
    return [this](std::function<void()> f) { return post(std::move(f)); };
  }
  std::vector<std::function<void()>> waiting;
  bool full = false;
};

const Target kLocal{.host = "localhost", .port = 80};

TEST(NamesAsked, OneLookUpTellsAllWhoAskedMeanwhile) {
  NamesAsked names;
  Held held;
  int told = 0;
  const auto found = [&](const Addresses& a) { told += a.ok() && !a->empty() ? 1 : 100; };
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(names.ask(kLocal, held.poster(), found));
  ASSERT_TRUE(names.ask({.host = "localhost", .port = 81}, held.poster(), found));
  ASSERT_EQ(held.waiting.size(), 2u) << "one for each name and port";
  EXPECT_EQ(told, 0);
  held.waiting[0]();
  held.waiting[0] = nullptr;
  EXPECT_EQ(told, 5);
  ASSERT_TRUE(names.ask(kLocal, held.poster(), found));
  EXPECT_EQ(held.waiting.size(), 3u) << "what was found is not kept";
}

TEST(NamesAsked, ALookUpThatIsDroppedIsTold) {
  NamesAsked names;
  Held held;
  std::string told;
  const auto found = [&](const Addresses& a) { told += a.ok() ? "found" : a.error().message(); };
  ASSERT_TRUE(names.ask(kLocal, held.poster(), found));
  held.waiting.clear();
  EXPECT_EQ(told, "dial tcp: nobody looks up names now");
}

TEST(NamesAsked, WhereThereIsNoRoomItIsSaidAndNothingStays) {
  NamesAsked names;
  Held held;
  held.full = true;
  int told = 0;
  const auto found = [&](const Addresses&) { ++told; };
  EXPECT_FALSE(names.ask(kLocal, held.poster(), found));
  EXPECT_FALSE(names.ask(kLocal, nullptr, found));
  EXPECT_EQ(told, 0);
  held.full = false;
  EXPECT_TRUE(names.ask(kLocal, held.poster(), found));
  EXPECT_EQ(held.waiting.size(), 1u);
}

}  // namespace
}  // namespace mizzen::http
