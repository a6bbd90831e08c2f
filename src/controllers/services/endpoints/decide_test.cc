#include "controllers/services/endpoints/decide.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "controllers/testing/pod_shape.h"

namespace mizzen::controllers {
namespace {

endpoints::Service service() {
  endpoints::Service s;
  s.metadata.name = "web";
  s.metadata.namespace_ = "ns";
  s.spec.clusterIP = "10.96.0.9";
  auto& port = s.spec.ports.emplace_back();
  port.name = "http";
  port.port = 80;
  port.protocol = "TCP";
  port.targetPort = codec::IntOrString("web");
  return s;
}

PodPtr backend(int i, bool ready = true, bool deleting = false, int32_t port = 8080) {
  auto p = std::make_shared<Pod>(
      *pod({.name = fmt::format("p{:03}", i), .node = "n", .ready = ready, .deleting = deleting}));
  p->status.podIP = fmt::format("10.0.{}.{}", i / 200, i % 200 + 1);
  auto& container = p->spec.containers.emplace_back();
  auto& named = container.ports.emplace_back();
  named.name = "web";
  named.containerPort = port;
  named.protocol = "TCP";
  return p;
}

TEST(EndpointsDecide, ReadyAndUnreadyAddresses) {
  const auto out = endpoints::desired_endpoints(
      service(), {backend(2), backend(1), backend(3, false), backend(4, true, true)}, {});
  ASSERT_EQ(out.subsets.size(), 1u);
  ASSERT_EQ(out.subsets[0].addresses.size(), 2u);
  EXPECT_EQ(out.subsets[0].addresses[0].ip, "10.0.0.2");
  EXPECT_EQ(out.subsets[0].addresses[0].targetRef->name, "p001");
  ASSERT_EQ(out.subsets[0].notReadyAddresses.size(), 1u);
  EXPECT_EQ(out.subsets[0].ports[0].port, 8080);
  auto open = service();
  open.spec.publishNotReadyAddresses = true;
  EXPECT_EQ(endpoints::desired_endpoints(open, {backend(3, false)}, {}).subsets[0].addresses.size(), 1u);
  EXPECT_EQ(
      endpoints::desired_endpoints(service(), {backend(1), backend(2, true, false, 9090)}, {}).subsets.size(),
      2u)
      << "a named port may have different numbers";
}

TEST(EndpointsDecide, WhatASliceHoldsStaysInIt) {
  // Two ports, so two slices; the first is taken away.
  const std::vector<PodPtr> pods = {backend(1), backend(2, true, false, 9090)};
  auto slices = endpoints::plan_slices(service(), pods, {}).create;
  ASSERT_EQ(slices.size(), 2u);
  const auto again = endpoints::plan_slices(service(), pods, {slices[1]});
  EXPECT_TRUE(again.update.empty()) << "the other pod's slice is not made this one's";
  ASSERT_EQ(again.create.size(), 1u);
  EXPECT_EQ(again.create[0].endpoints[0].addresses, slices[0].endpoints[0].addresses);
  // A slice of the same ports takes what is new rather than one of others.
  const auto more =
      endpoints::plan_slices(service(), {backend(1), backend(3), pods[1]}, {slices[1], slices[0]});
  ASSERT_EQ(more.update.size(), 1u);
  EXPECT_EQ(more.update[0].ports[0].port, 8080);
  EXPECT_EQ(more.update[0].endpoints.size(), 2u);
  EXPECT_TRUE(more.create.empty());
}

TEST(EndpointsDecide, SlicesAreCutReusedAndRemoved) {
  std::vector<PodPtr> pods;
  for (int i = 0; i < 250; ++i) pods.push_back(backend(i));
  const auto first = endpoints::plan_slices(service(), pods, {});
  ASSERT_EQ(first.create.size(), 3u);
  EXPECT_EQ(first.create[0].endpoints.size(), endpoints::kSliceMax);
  EXPECT_EQ(first.create[2].endpoints.size(), 50u);
  std::vector<endpoints::EndpointSlice> present = first.create;
  const auto same = endpoints::plan_slices(service(), pods, present);
  EXPECT_TRUE(same.create.empty() && same.update.empty() && same.remove.empty());
  pods.resize(90);
  const auto fewer = endpoints::plan_slices(service(), pods, present);
  EXPECT_EQ(fewer.update.size(), 1u);
  EXPECT_EQ(fewer.remove.size(), 2u);
  const auto none = endpoints::plan_slices(service(), {}, {});
  ASSERT_EQ(none.create.size(), 1u);
  EXPECT_TRUE(none.create[0].endpoints.empty());
  const auto leaving = endpoints::plan_slices(service(), {backend(1, true, true)}, {});
  const auto& conditions = leaving.create[0].endpoints[0].conditions;
  EXPECT_FALSE(*conditions.ready);
  EXPECT_TRUE(*conditions.serving);
  EXPECT_TRUE(*conditions.terminating);
}

}  // namespace
}  // namespace mizzen::controllers
