#include "placement/fit.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace mizzen::placement {
namespace {

std::string text(const std::vector<Shortage>& all) {
  std::string out;
  for (const auto& s : all)
    out +=
        fmt::format("{}:{}/{}/{}{} ", s.resource, s.requested, s.used, s.capacity, s.hopeless() ? "!" : "");
  return out;
}

TEST(Fit, SaysWhatIsShort) {
  const Amounts node{
      .milli_cpu = 4000, .memory = 100, .ephemeral_storage = 10, .pods = 2, .others = {{"x/y", 1}}};
  const Amounts used{.milli_cpu = 3000, .memory = 100, .others = {{"x/y", 1}}};
  EXPECT_EQ(text(shortages({}, used, 1, node)), "") << "who asks for nothing has room on a full node";
  EXPECT_EQ(text(shortages({}, used, 2, node)), "pods:1/2/2 ");
  EXPECT_EQ(text(shortages({.milli_cpu = 1000}, used, 1, node)), "");
  EXPECT_EQ(text(shortages({.milli_cpu = 1001, .memory = 1}, used, 1, node)),
            "cpu:1001/3000/4000 memory:1/100/100 ");
  EXPECT_EQ(text(shortages({.milli_cpu = 4001, .ephemeral_storage = 11}, used, 0, node)),
            "cpu:4001/3000/4000! ephemeral-storage:11/0/10! ");
  EXPECT_EQ(text(shortages({.others = {{"x/y", 1}, {"x/z", 1}}}, used, 0, node)), "x/y:1/1/1 x/z:1/0/0! ");
}

}  // namespace
}  // namespace mizzen::placement
