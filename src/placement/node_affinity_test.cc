#include "placement/node_affinity.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "codec/json/json_codec.h"

namespace mizzen::placement {
namespace {

api::core::v1::Pod pod(const std::string& spec) {
  return *codec::from_json<api::core::v1::Pod>(fmt::format(R"({{"spec":{}}})", spec));
}

std::string affinity(const std::string& term) {
  return R"({"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[)" +
         term + "]}}}}";
}

TEST(NodeAffinity, SelectorsAndRequiredTermsHold) {
  Node node;
  node.metadata.name = "n1";
  node.metadata.labels.set("zone", "a");
  node.metadata.labels.set("cores", "8");
  const auto expression = [](const char* key, const char* op, const char* values) {
    return affinity(fmt::format(R"({{"matchExpressions":[{{"key":"{}","operator":"{}","values":{}}}]}})", key,
                                op, values));
  };
  EXPECT_TRUE(wants_node(pod("{}").spec, node));
  EXPECT_TRUE(wants_node(pod(R"({"nodeSelector":{"zone":"a"}})").spec, node));
  EXPECT_FALSE(wants_node(pod(R"({"nodeSelector":{"zone":"a","disk":"ssd"}})").spec, node));
  struct Row {
    const char *key, *op, *values;
    bool holds;
  };
  const Row rows[] = {{"zone", "In", R"(["a","b"])", true}, {"zone", "In", R"(["b"])", false},
                      {"zone", "NotIn", R"(["b"])", true},  {"none", "NotIn", R"(["b"])", true},
                      {"zone", "Exists", "[]", true},       {"none", "Exists", "[]", false},
                      {"none", "DoesNotExist", "[]", true}, {"cores", "Gt", R"(["4"])", true},
                      {"cores", "Gt", R"(["8"])", false},   {"cores", "Lt", R"(["9"])", true},
                      {"zone", "Lt", R"(["9"])", false}};
  for (const Row& r : rows)
    EXPECT_EQ(wants_node(pod(expression(r.key, r.op, r.values)).spec, node), r.holds)
        << r.key << r.op << r.values;
  const char* named = R"({"matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]}]})";
  EXPECT_TRUE(wants_node(pod(affinity(named)).spec, node));
  EXPECT_TRUE(wants_node(pod(affinity("{}," + std::string(named))).spec, node)) << "one term is enough";
  EXPECT_FALSE(wants_node(pod(affinity("{}")).spec, node)) << "an empty term is none";
}

}  // namespace
}  // namespace mizzen::placement
