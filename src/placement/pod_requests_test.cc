#include "placement/pod_requests.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "codec/json/json_codec.h"

namespace mizzen::placement {
namespace {

std::string text(const Amounts& a) {
  std::string out = fmt::format("cpu={} memory={}", a.milli_cpu, a.memory);
  for (const auto& [name, n] : a.others) out += fmt::format(" {}={}", name, n);
  return out;
}

TEST(PodRequests, AreWhatRunsTogetherOrTheBusiestMomentBefore) {
  struct Row {
    const char *why, *spec, *requests;
  };
  const Row rows[] = {
      {"nothing is asked for", R"({"containers":[{"name":"a"}]})", "cpu=0 memory=0"},
      {"containers run together",
       R"({"containers":[{"name":"a","resources":{"requests":{"cpu":"1","memory":"1k"}}},
                         {"name":"b","resources":{"requests":{"cpu":"500m"}}}]})",
       "cpu=1500 memory=1000"},
      {"initialisation takes more",
       R"({"initContainers":[{"name":"i","resources":{"requests":{"cpu":"2"}}},{"name":"j"}],
           "containers":[{"name":"a","resources":{"requests":{"cpu":"1","memory":"1k"}}}]})",
       "cpu=2000 memory=1000"},
      {"sidecars run beside all",
       R"({"initContainers":[{"name":"s","restartPolicy":"Always","resources":{"requests":{"cpu":"1"}}},
                             {"name":"i","resources":{"requests":{"cpu":"2"}}}],
           "containers":[{"name":"a","resources":{"requests":{"cpu":"500m"}}}]})",
       "cpu=3000 memory=0"},
      {"overhead comes on top",
       R"({"overhead":{"cpu":"10m"},"containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}}]})",
       "cpu=1010 memory=0"},
      {"the pod as a whole has the word",
       R"({"resources":{"requests":{"cpu":"5"}},
           "containers":[{"name":"a","resources":{"requests":{"cpu":"1","memory":"1k"}}}]})",
       "cpu=5000 memory=1000"},
      {"what has a vendor's name",
       R"({"containers":[{"name":"a","resources":{"requests":{"x.com/gpu":"2"}}}]})",
       "cpu=0 memory=0 x.com/gpu=2"},
  };
  for (const Row& row : rows) {
    const auto pod = codec::from_json<Pod>(fmt::format(R"({{"spec":{}}})", row.spec));
    ASSERT_TRUE(pod.ok()) << row.why;
    EXPECT_EQ(text(requests_of(*pod)), row.requests) << row.why;
  }
}

TEST(PodRequests, ForScoresNobodyAsksForNothing) {
  const auto pod = codec::from_json<Pod>(R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]}})");
  EXPECT_EQ(text(requests_of(*pod, true)), fmt::format("cpu=200 memory={}", 400 << 20));
}

}  // namespace
}  // namespace mizzen::placement
