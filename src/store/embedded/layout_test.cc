#include "store/embedded/layout.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace mizzen::store::layout {
namespace {

std::string random_key(Random& random) {
  static constexpr char kBytes[] = {'\0', '\x01', '\x02', 'a', '\xfe', '\xff'};
  std::string out(1 + random.below(6), '\0');
  for (char& c : out) c = kBytes[random.below(sizeof kBytes)];
  return out;
}

TEST(Layout, PlacesSortByKeyThenNewestFirst) {
  SeededRandom random(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::string a = random_key(random), b = random_key(random);
    const Revision ra(static_cast<int64_t>(random.below(1000))), rb(static_cast<int64_t>(random.below(1000)));
    const bool before = a != b ? a < b : ra > rb;
    EXPECT_EQ(record_key(a, ra) < record_key(b, rb), before);
    // Scan bounds: everything from key b on is at or after its bound, everything before it before.
    EXPECT_EQ(record_key(a, ra) >= record_bound(b), a >= b);
  }
}

TEST(Layout, PlacesParseBack) {
  SeededRandom random(2);
  for (int i = 0; i < 5'000; ++i) {
    const std::string key = random_key(random);
    const Revision revision(static_cast<int64_t>(random.next() >> 1));
    const std::string bytes = record_key(key, revision);
    const auto place = parse_place(bytes);
    ASSERT_TRUE(place);
    EXPECT_EQ(place->prefix, record_prefix(key));
    EXPECT_EQ(place->revision, revision);
    EXPECT_EQ(unescape(place->prefix), key);
  }
  EXPECT_FALSE(parse_place("k"));
  EXPECT_FALSE(parse_place(revision_key(Revision(5))));
}

TEST(Layout, RecordsAndChangesParseBack) {
  const std::string bytes = record_head({false, 300, 2, 77, {}}) + "value";
  const auto record = parse_record(bytes);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->create_revision, 300);
  EXPECT_EQ(record->version, 2);
  EXPECT_EQ(record->lease, 77);
  EXPECT_EQ(record->value, "value");
  EXPECT_TRUE(parse_record(record_head({true, 0, 0, 0, {}}))->deleted);
  EXPECT_FALSE(parse_record(""));
  EXPECT_FALSE(parse_record(std::string(1, '\0') + "\xff"));
  std::string changes;
  append_change(changes, {false, 0, "created"});
  append_change(changes, {true, 200, std::string_view("\0x", 2)});
  const auto parsed = parse_changes(changes);
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->size(), 2u);
  EXPECT_EQ((*parsed)[0].key, "created");
  EXPECT_TRUE((*parsed)[1].deleted);
  EXPECT_EQ((*parsed)[1].prev_revision, 200);
  for (size_t cut = 1; cut < changes.size(); ++cut) {
    const auto part = parse_changes(std::string_view(changes).substr(0, cut));
    EXPECT_LT(part ? part->size() : 0, 2u);
  }
}

}  // namespace
}  // namespace mizzen::store::layout
