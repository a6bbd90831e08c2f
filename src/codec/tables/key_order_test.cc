#include "codec/tables/key_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "codec/tables/containers.h"

namespace mizzen::codec {
namespace {

using namespace std::string_literals;

/// Keys that are told apart at every length, by bytes of every kind, some of them twice.
std::vector<std::string> many_keys(const std::string& front, size_t count) {
  const std::string letters = "\0\x01 az~\x7f\x80\xff"s;
  std::vector<std::string> out;
  uint32_t state = 1;
  for (size_t i = 0; i < count; ++i) {
    std::string key = front;
    state = state * 1664525 + 1013904223;
    for (uint32_t rest = state >> 8, length = state >> 28; length > 0; --length, rest = rest * 31 + 7)
      key += letters[rest % letters.size()];
    out.push_back(std::move(key));
  }
  return out;
}

TEST(KeyOrder, IsTheOrderOfTheKeysAndKeepsThatOfEqualOnes) {
  for (const size_t count : {0u, 1u, 2u, 100u, 255u, 256u, 5'000u})
    for (const std::string& front : {""s, "a"s, "app.kubernetes.io/"s}) {
      const std::vector<std::string> keys = many_keys(front, count);
      std::vector<uint32_t> expected(count);
      for (uint32_t i = 0; i < count; ++i) expected[i] = i;
      std::stable_sort(expected.begin(), expected.end(), [&](auto a, auto b) { return keys[a] < keys[b]; });
      std::vector<uint32_t> got;
      for (const KeyPlace& place : key_order({keys.begin(), keys.end()})) got.push_back(place.index);
      EXPECT_EQ(got, expected) << count << " keys that begin with \"" << front << '"';
    }
}

TEST(KeyOrder, AMapIsMadeOfWhatWasAppendedInAnyOrder) {
  for (const size_t count : {3u, 1'000u}) {
    const std::vector<std::string> keys = many_keys("k", count);
    Map<size_t> all, one_by_one;
    std::vector<std::string> twice, expected_twice;
    for (size_t i = 0; i < count; ++i) {
      all.append(keys[i]) = i;
      if (one_by_one.contains(keys[i])) expected_twice.push_back(keys[i]);
      one_by_one.set(keys[i], i);
    }
    all.settle(&twice);
    EXPECT_TRUE(all == one_by_one) << "the last of equal keys stays";
    EXPECT_EQ(twice, expected_twice) << "in the order they came";
  }
}

}  // namespace
}  // namespace mizzen::codec
