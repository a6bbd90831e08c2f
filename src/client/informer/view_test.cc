#include "client/informer/view.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "api/schema/core/v1/config_map.h"
#include "base/random.h"

namespace mizzen::client {
namespace {

/// Has a name, and cannot be decoded.
class Opaque final : public machinery::Packed {
 public:
  explicit Opaque(std::string name) : name_(std::move(name)) {}
  std::string_view wire_view() const override { return name_; }
  machinery::Object object() const override {
    ADD_FAILURE() << name_ << " is decoded";
    return {};
  }
  machinery::Object at_hand() const override { return object(); }

 private:
  const std::string name_;
};

PackedPtr opaque(const std::string& name) { return std::make_shared<Opaque>(name); }

std::string text(const std::vector<PackedPtr>& found) {
  std::string out;
  for (const PackedPtr& p : found) out += std::string(p->wire_view()) + " ";
  return out;
}

TEST(View, FindsByKeyNamespaceAndIndexWithoutDecoding) {
  View view(2);
  view.put("a/1", opaque("a1"), {{"x", "y", "x"}, {"p"}});
  view.put("a/2", opaque("a2"), {{"x"}, {}});
  view.put("b/1", opaque("b1"), {{"y"}, {"p"}});
  EXPECT_EQ(text({view.find("a/2")}), "a2 ");
  EXPECT_EQ(view.find("a"), nullptr);
  EXPECT_EQ(text(view.list("")), "a1 a2 b1 ");
  EXPECT_EQ(text(view.list("a")), "a1 a2 ");
  EXPECT_EQ(text(view.with(0, "x")), "a1 a2 ");
  EXPECT_EQ(text(view.with(1, "p")), "a1 b1 ");
  EXPECT_EQ(view.count(0, "y"), 2u);
  EXPECT_EQ(view.count(1, "x"), 0u);
  EXPECT_EQ(view.values(0), (std::vector<std::string>{"x", "y"}));
  view.put("a/1", opaque("a1'"), {{"z"}, {"p"}});
  EXPECT_EQ(text(view.with(0, "x")), "a2 ");
  EXPECT_EQ(text(view.with(0, "z")), "a1' ");
  EXPECT_EQ(text(view.with(1, "p")), "a1' b1 ") << "the present state, where the value did not change too";
  view.remove("a/1");
  view.remove("no such");
  EXPECT_EQ(view.values(0), (std::vector<std::string>{"x", "y"})) << "a value that nobody has is forgotten";
  EXPECT_EQ(view.size(), 2u);
}

/// Whatever is put and removed, an index shows what a walk over all would.
TEST(View, IndexesFollowChanges) {
  SeededRandom random(7);
  View view(1);
  std::map<std::string, std::vector<std::string>> model;
  for (int i = 0; i < 5000; ++i) {
    const std::string key = fmt::format("k{}", random.below(50));
    if (random.below(4) == 0) {
      view.remove(key);
      model.erase(key);
    } else {
      std::vector<std::string> values;
      for (uint64_t n = random.below(4); n > 0; --n) values.push_back(fmt::format("v{}", random.below(6)));
      view.put(key, opaque(key), {values});
      model[key] = values;
    }
    const std::string value = fmt::format("v{}", random.below(6));
    std::string expected;
    for (const auto& [k, values] : model)
      if (std::find(values.begin(), values.end(), value) != values.end()) expected += k + " ";
    ASSERT_EQ(text(view.with(0, value)), expected) << "after step " << i;
  }
}

}  // namespace
}  // namespace mizzen::client
