#include "network/bridge/pod_network.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <memory>

#include "codec/json/tree.h"
#include "linux/files/file.h"
#include "linux/net/net_links.h"
#include "linux/net/nftables.h"
#include "linux/process/process.h"
#include "linux/testing/scratch.h"
#include "network/cni/cni.h"

namespace mizzen::network {
namespace {

using codec::Value;
using linux::is_root;
using linux::ScratchFolder;
using linux::ScratchNetwork;
using ::testing::HasSubstr;

/// A node (a network namespace) with two pods and a world outside (two more).
class PodNetworkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "needs root";
    for (const char* name : {"node", "a", "b"})
      spaces_.push_back(std::make_unique<ScratchNetwork>(scratch_.at(name)));
  }
  NetworkOptions options() { return {.data_folder = scratch_.at("data")}; }
  CniAnswer call(const std::string& command, const std::string& pod, const std::string& extra = "") {
    CniAnswer out;
    const std::string config =
        fmt::format(R"({{"cniVersion":"0.4.0","dataFolder":"{}"{}}})", scratch_.at("data"), extra);
    const auto done = linux::in_network_namespace(scratch_.at("node"), [&]() -> Result<void> {
      out = cni_call({command, "container-" + pod, scratch_.at(pod), "eth0"}, config, false);
      return {};
    });
    EXPECT_TRUE(done.ok());
    return out;
  }
  static std::string address(const CniAnswer& a) {
    const auto prefix = Value::parse(a.output)->find("ips")->items()[0].find("address")->text();
    return prefix.substr(0, prefix.find('/'));
  }
  bool answers(const std::string& from, const std::string& to, int port) {
    bool ok = false;
    const auto done = linux::in_network_namespace(scratch_.at(from), [&]() -> Result<void> {
      auto out = linux::run(
          {.argv = {"bash", "-c", fmt::format("exec 3<>/dev/tcp/{}/{} && head -c 2 <&3", to, port)},
           .deadline = Deadline::after(std::chrono::seconds(3), real_clock())});
      ok = out.ok() && out->output == "ok";
      return {};
    });
    return ok && done.ok();
  }
  /// A server in a namespace that says ok to everyone, until the object goes.
  struct Server {
    std::optional<linux::Process> process;
    ~Server() {
      if (process) EXPECT_TRUE(process->terminate(std::chrono::seconds(2), real_clock()).ok());
    }
  };
  void serve(Server& server, const std::string& in, int port) {
    const auto done = linux::in_network_namespace(scratch_.at(in), [&]() -> Result<void> {
      const std::string code = fmt::format(
          "import socket\ns=socket.socket()\ns.setsockopt(1,2,1)\ns.bind(('0.0.0.0',{}))\ns.listen()\n"
          "while True:\n c,_=s.accept()\n c.send(b'ok')\n c.close()\n",
          port);
      MZ_ASSIGN(auto process, linux::Process::spawn({.argv = {"python3", "-c", code}}));
      server.process = std::move(process);
      return {};
    });
    ASSERT_TRUE(done.ok());
    for (int i = 0; i < 100 && !answers(in, "127.0.0.1", port); ++i) ::usleep(20'000);
  }
  ScratchFolder scratch_;
  std::vector<std::unique_ptr<ScratchNetwork>> spaces_;
};

TEST_F(PodNetworkTest, PodsReachEachOtherTheNodeAndThemselves) {
  ASSERT_TRUE(linux::in_network_namespace(scratch_.at("b"), [] { return linux::set_loopback_up(); }).ok());
  const auto a = call("ADD", "a");
  const auto b =
      call("ADD", "b",
           R"(,"runtimeConfig":{"portMappings":[{"HostPort":8080,"containerPort":9000,"protocol":"TCP"}]})");
  ASSERT_EQ(a.exit_code, 0) << a.output;
  ASSERT_EQ(b.exit_code, 0) << b.output;
  EXPECT_NE(address(a), address(b));
  EXPECT_EQ(address(call("ADD", "a")), address(a)) << "ADD again is the same";
  EXPECT_EQ(call("CHECK", "a").exit_code, 0);
  Server server;
  serve(server, "b", 9000);
  EXPECT_TRUE(answers("a", address(b), 9000));
  EXPECT_TRUE(answers("node", address(b), 9000));
  EXPECT_TRUE(answers("a", "10.42.0.1", 8080)) << "host port, from another pod";
  EXPECT_TRUE(answers("b", "10.42.0.1", 8080)) << "host port, back to the same pod";
  EXPECT_EQ(call("DEL", "b").exit_code, 0);
  EXPECT_EQ(call("DEL", "b").exit_code, 0);
  EXPECT_EQ(call("CHECK", "b").exit_code, 1);
  EXPECT_FALSE(answers("a", "10.42.0.1", 8080)) << "the host port went with its pod";
}

TEST_F(PodNetworkTest, HostPortsOnOneAddressLeadToTheirPods) {
  const auto on = [](const char* ip) {
    return fmt::format(R"(,"runtimeConfig":{{"portMappings":[
        {{"HostPort":8080,"containerPort":9000,"protocol":"TCP","HostIP":"{}"}}]}})",
                       ip);
  };
  for (const char* pod : {"a", "b"})
    ASSERT_TRUE(linux::in_network_namespace(scratch_.at(pod), [] { return linux::set_loopback_up(); }).ok());
  for (const char* bad : {"127.0.0.1", "::1", "1.2.3.4; flush ruleset"}) {
    const auto refused = call("ADD", "a", on(bad));
    EXPECT_EQ(refused.exit_code, 1) << bad;
    EXPECT_THAT(refused.output, HasSubstr("\"code\":7")) << bad;
  }
  ASSERT_EQ(call("ADD", "a", on("10.42.0.1")).exit_code, 0);
  Server server;
  serve(server, "a", 9000);
  EXPECT_TRUE(answers("a", "10.42.0.1", 8080));
  // Another address of the node: the port is another pod's there.
  ASSERT_TRUE(linux::in_network_namespace(scratch_.at("node"), []() -> Result<void> {
                MZ_ASSIGN(auto net, linux::NetLinks::open());
                return net.add_address("mizzen0", {"192.0.2.1", 32});
              }).ok());
  EXPECT_FALSE(answers("a", "192.0.2.1", 8080));
  const auto b = call("ADD", "b", on("192.0.2.1"));
  ASSERT_EQ(b.exit_code, 0) << b.output;
  Server other;
  serve(other, "b", 9000);
  EXPECT_TRUE(answers("a", "192.0.2.1", 8080));
  ASSERT_EQ(call("DEL", "a").exit_code, 0);
  EXPECT_FALSE(answers("b", "10.42.0.1", 8080));
  EXPECT_TRUE(answers("b", "192.0.2.1", 8080)) << "only its own went";
}

TEST_F(PodNetworkTest, FailedAddLeavesNothing) {
  CniAnswer out;
  const std::string config =
      fmt::format(R"({{"cniVersion":"1.0.0","dataFolder":"{}"}})", scratch_.at("data"));
  ASSERT_TRUE(linux::in_network_namespace(scratch_.at("node"), [&]() -> Result<void> {
                out = cni_call({"ADD", "c", scratch_.at("absent"), "eth0"}, config, false);
                return {};
              }).ok());
  EXPECT_EQ(out.exit_code, 1);
  AddressPool pool(scratch_.at("data/addresses"), *Ipv4Range::parse("10.42.0.0/24"));
  EXPECT_EQ(*pool.used(), 0u);
}

TEST_F(PodNetworkTest, DownTakesEverythingAway) {
  ASSERT_EQ(call("ADD", "a").exit_code, 0);
  ASSERT_TRUE(linux::in_network_namespace(scratch_.at("node"), [&]() -> Result<void> {
                MZ_ASSIGN(auto network, PodNetwork::create(options()));
                EXPECT_TRUE(linux::nft_list_table("ip", "mizzen").ok());
                MZ_TRY(network.down());
                MZ_TRY(network.down());
                EXPECT_FALSE(linux::nft_list_table("ip", "mizzen").ok());
                MZ_ASSIGN(auto net, linux::NetLinks::open());
                MZ_ASSIGN(const auto links, net.links());
                EXPECT_EQ(links.size(), 1u) << "only loopback stays";
                return {};
              }).ok());
  EXPECT_FALSE(path_exists(scratch_.at("data")));
}

TEST_F(PodNetworkTest, LoopbackPlugInBringsLoUp) {
  const auto out = cni_call({"ADD", "c", scratch_.at("a"), "lo"}, R"({"cniVersion":"0.3.1"})", true);
  EXPECT_EQ(out.exit_code, 0) << out.output;
  Server server;
  serve(server, "a", 9001);
  EXPECT_TRUE(answers("a", "127.0.0.1", 9001));
}

}  // namespace
}  // namespace mizzen::network
