#include "placement/taints.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "codec/json/json_codec.h"

namespace mizzen::placement {
namespace {

using api::core::v1::Node;

api::core::v1::Pod pod(const std::string& spec) {
  return *codec::from_json<api::core::v1::Pod>(fmt::format(R"({{"spec":{}}})", spec));
}

TEST(Taints, ThoseThatAreNotToleratedAreFoundByEffect) {
  const auto node = codec::from_json<Node>(
      R"({"spec":{"taints":[{"key":"a","effect":"NoSchedule"},{"key":"b","value":"x","effect":"NoExecute"}]}})");
  const auto first = [&](const std::string& tolerations, std::initializer_list<std::string_view> effects) {
    const auto* t = untolerated(node->spec.taints,
                                pod(R"({"tolerations":)" + tolerations + "}").spec.tolerations, effects);
    return t ? t->key : "";
  };
  EXPECT_EQ(first("[]", {"NoSchedule", "NoExecute"}), "a");
  EXPECT_EQ(first("[]", {"NoExecute"}), "b");
  EXPECT_EQ(first(R"([{"key":"b","operator":"Exists"}])", {"NoExecute"}), "");
  EXPECT_EQ(first(R"([{"key":"b","value":"y"}])", {"NoExecute"}), "b");
  EXPECT_EQ(first(R"([{"operator":"Exists"}])", {"NoSchedule", "NoExecute"}), "");
}

}  // namespace
}  // namespace mizzen::placement
