#include "network/plan/host_ports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mizzen::network {
namespace {

using ::testing::HasSubstr;

HostPort port(const std::string& protocol, int host, const std::string& ip = "") {
  return {.protocol = protocol, .host_port = host, .container_port = 80, .host_ip = ip};
}

TEST(HostPorts, AreCheckedOneByOneAndTogether) {
  for (const auto& bad :
       {port("sctp", 80), port("tcp", 0), port("tcp", 65536), port("tcp", -1), port("tcp", 80, "127.0.0.1"),
        port("tcp", 80, "::1"), port("tcp", 80, "1.2.3.4; x")})
    EXPECT_EQ(check_host_port(bad).error().code(), Code::BadRequest) << bad.host_ip << bad.host_port;
  EXPECT_EQ(check_host_port({"tcp", 80, 0, ""}).error().code(), Code::BadRequest);
  EXPECT_TRUE(check_host_ports({port("tcp", 80), port("udp", 80), port("tcp", 81)}).ok());
  EXPECT_TRUE(check_host_ports({port("tcp", 80), port("tcp", 80, "1.2.3.4")}).ok())
      << "one pod may lead one address elsewhere than the others";
  EXPECT_THAT(check_host_ports({port("tcp", 80), port("tcp", 80, "0.0.0.0")}).error().message(),
              HasSubstr("asked for twice"));
  EXPECT_THAT(check_host_ports({port("tcp", 80, "1.2.3.4"), port("tcp", 80, "1.2.3.4")}).error().message(),
              HasSubstr("1.2.3.4:80/tcp"));
}

TEST(HostPorts, OverlapAsTheSchedulerSeesIt) {
  struct Case {
    HostPort a, b;
    bool overlap;
  };
  for (const auto& c :
       {Case{port("tcp", 80), port("tcp", 80), true}, Case{port("tcp", 80), port("udp", 80), false},
        Case{port("tcp", 80), port("tcp", 81), false},
        Case{port("tcp", 80, "1.1.1.1"), port("tcp", 80, "1.1.1.1"), true},
        Case{port("tcp", 80, "1.1.1.1"), port("tcp", 80, "2.2.2.2"), false},
        Case{port("tcp", 80, "1.1.1.1"), port("tcp", 80), true},
        Case{port("tcp", 80, "0.0.0.0"), port("tcp", 80, "1.1.1.1"), true}}) {
    EXPECT_EQ(overlap(c.a, c.b), c.overlap);
    EXPECT_EQ(overlap(c.b, c.a), c.overlap);
  }
}

TEST(HostPorts, BelongToWhoTookThem) {
  NodePlan plan;
  PodAttachment web{.key = {"c1", "eth0"}, .pod = "shop/web"};
  web.ports = {port("tcp", 80)};
  plan.pods[web.key] = web;
  EXPECT_EQ(holder_of(plan, port("tcp", 80), {"c1", "eth0"}), nullptr) << "its own";
  EXPECT_EQ(holder_of(plan, port("udp", 80), {"c2", "eth0"}), nullptr);
  const auto* holder = holder_of(plan, port("tcp", 80, "1.1.1.1"), {"c2", "eth0"});
  ASSERT_NE(holder, nullptr);
  EXPECT_EQ(taken(port("tcp", 80), *holder).message(),
            "host port :80/tcp belongs to pod shop/web (container c1)");
  plan.pods.begin()->second.leaving = true;
  holder = holder_of(plan, port("tcp", 80), {"c2", "eth0"});
  ASSERT_NE(holder, nullptr) << "until nothing leads to it any more";
  EXPECT_THAT(taken(port("tcp", 80), *holder).message(), HasSubstr("which is ending"));
}

}  // namespace
}  // namespace mizzen::network
