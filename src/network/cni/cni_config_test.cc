#include "network/cni/cni_config.h"

#include <gtest/gtest.h>

#include "codec/json/tree.h"

namespace mizzen::network {
namespace {

using codec::Value;

TEST(CniConfig, IsReadAsRuntimesSpellIt) {
  const auto config =
      parse_cni_config(R"({"cniVersion":"1.1.0","name":"mizzen","type":"mizzen-cni","socket":"/s",
    "runtimeConfig":{"portMappings":[
      {"HostPort":8080,"ContainerPort":80,"Protocol":"TCP","HostIP":""},
      {"hostPort":53,"containerPort":5353,"protocol":"udp","hostIP":"1.2.3.4"},
      {"hostPort":0,"containerPort":81,"protocol":"tcp"}, 7]},
    "cni.dev/valid-attachments":[{"containerID":"c1","ifname":"eth0"}]})");
  ASSERT_EQ(config.problem.exit_code, 0) << config.problem.output;
  EXPECT_EQ(config.version, "1.1.0");
  EXPECT_EQ(config.ports, (std::vector<HostPort>{{"tcp", 8080, 80, ""}, {"udp", 53, 5353, "1.2.3.4"}}));
  EXPECT_TRUE(config.names_valid);
  EXPECT_EQ(config.valid, (std::set<AttachmentKey>{{"c1", "eth0"}}));
  const auto plain = parse_cni_config(R"({"cniVersion":"0.3.1"})");
  EXPECT_TRUE(plain.ports.empty());
  EXPECT_FALSE(plain.names_valid) << "no list is not an empty one";
  EXPECT_EQ(parse_cni_config(R"({"cniVersion":"0.4.0","runtimeConfig":{"portMappings":[
      {"hostPort":"x"},{"hostPort":99999999999}]}})")
                .ports.front()
                .host_port,
            -1)
      << "what is no number of a port is refused later";
}

TEST(CniConfig, WhatIsNoneIsToldWithItsCode) {
  const auto code_of = [](const char* text) {
    return Value::parse(parse_cni_config(text).problem.output)->find("code")->text();
  };
  EXPECT_EQ(code_of("not json"), "6");
  EXPECT_EQ(code_of("[]"), "6");
  EXPECT_EQ(code_of(R"({"cniVersion":"9.0"})"), "1");
  EXPECT_EQ(code_of("{}"), "1");
}

TEST(CniConfig, PodsAreNamedByArguments) {
  EXPECT_EQ(pod_of_arguments("IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web;K8S_POD_UID=7"),
            "shop/web");
  EXPECT_EQ(pod_of_arguments(""), "");
  EXPECT_EQ(pod_of_arguments("IgnoreUnknown"), "");
}

TEST(CniConfig, ResultHasTheFormOfItsVersion) {
  PodAttachment pod{
      .key = {"c1", "eth0"}, .network_namespace = "/n", .host_interface = "mz1", .mac = "0a:58:0a:2a:00:05"};
  pod.addresses = {{"10.42.0.5", 24, "10.42.0.1"}};
  EXPECT_EQ(cni_result("0.4.0", pod, {.bridge = "br0"}),
            R"({"cniVersion":"0.4.0","dns":{},"interfaces":[{"name":"br0"},{"name":"mz1"},)"
            R"({"mac":"0a:58:0a:2a:00:05","name":"eth0","sandbox":"/n"}],)"
            R"("ips":[{"address":"10.42.0.5/24","gateway":"10.42.0.1","interface":2,"version":"4"}],)"
            R"("routes":[{"dst":"0.0.0.0/0","gw":"10.42.0.1"}]})");
  EXPECT_EQ(cni_result("1.0.0", pod, {.bridge = "br0"}).find("\"version\""), std::string::npos);
}

}  // namespace
}  // namespace mizzen::network
