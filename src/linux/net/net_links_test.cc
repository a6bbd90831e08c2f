#include "linux/net/net_links.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "linux/net/net_namespace.h"
#include "linux/net/nftables.h"
#include "linux/testing/scratch.h"

namespace mizzen::linux {
namespace {

using ::testing::HasSubstr;

class NetLinksTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "needs root";
    node_ = std::make_unique<ScratchNetwork>(scratch_.at("node"));
    pod_ = std::make_unique<ScratchNetwork>(scratch_.at("pod"));
  }
  ScratchFolder scratch_;
  std::unique_ptr<ScratchNetwork> node_, pod_;
};

TEST_F(NetLinksTest, BridgeWithVethIntoAnotherNamespace) {
  auto done = in_network_namespace(node_->path(), [&]() -> Result<void> {
    MZ_ASSIGN(auto net, NetLinks::open());
    MZ_TRY(net.add_bridge("br0", 1500));
    MZ_TRY(net.add_bridge("br0", 1500));
    MZ_TRY(net.add_address("br0", {"10.1.0.1", 24}));
    MZ_TRY(net.add_address("br0", {"10.1.0.1", 24}));
    MZ_TRY(net.set_up("br0"));
    Fd other(::open(pod_->path().c_str(), O_RDONLY | O_CLOEXEC));
    MZ_TRY(net.add_veth("v0", "eth0", other, 1400));
    MZ_TRY(net.set_master("v0", "br0"));
    MZ_TRY(net.set_hairpin("v0", true));
    MZ_TRY(net.set_up("v0"));
    MZ_ASSIGN(const auto bridge, net.link("br0"));
    MZ_ASSIGN(const auto port, net.link("v0"));
    EXPECT_EQ(port.master, bridge.index);
    EXPECT_EQ(port.mtu, 1400);
    EXPECT_TRUE(port.up);
    EXPECT_EQ(*read_file("/sys/class/net/lo/ifindex"), "1\n");
    MZ_ASSIGN(const auto addresses, net.addresses("br0"));
    EXPECT_TRUE(
        std::any_of(addresses.begin(), addresses.end(), [](auto& a) { return a.text() == "10.1.0.1/24"; }));
    return {};
  });
  ASSERT_TRUE(done.ok()) << done.error().message();
  done = in_network_namespace(pod_->path(), []() -> Result<void> {
    MZ_ASSIGN(auto net, NetLinks::open());
    MZ_TRY(set_loopback_up());
    MZ_TRY(net.add_address("eth0", {"10.1.0.2", 24}));
    MZ_TRY(net.set_up("eth0"));
    MZ_TRY(net.add_route("eth0", std::nullopt, "10.1.0.1"));
    MZ_TRY(net.add_route("eth0", std::nullopt, "10.1.0.1"));
    MZ_ASSIGN(const auto own, net.default_address());
    EXPECT_EQ(own, "10.1.0.2");
    return {};
  });
  ASSERT_TRUE(done.ok()) << done.error().message();
  done = in_network_namespace(node_->path(), []() -> Result<void> {
    MZ_ASSIGN(auto net, NetLinks::open());
    MZ_TRY(net.delete_link("v0"));
    MZ_TRY(net.delete_link("v0"));
    EXPECT_EQ(net.link("v0").error().code(), Code::NotFound);
    return {};
  });
  ASSERT_TRUE(done.ok()) << done.error().message();
}

TEST_F(NetLinksTest, NftTableComesAndGoesAsAWhole) {
  auto done = in_network_namespace(node_->path(), []() -> Result<void> {
    MZ_TRY(
        nft("table ip mizzen {\nchain c {\ntype nat hook postrouting priority srcnat;\nip saddr 10.1.0.0/24 "
            "masquerade\n}\n}\n"));
    MZ_ASSIGN(const auto text, nft_list_table("ip", "mizzen"));
    EXPECT_THAT(text, HasSubstr("masquerade"));
    const auto bad = nft("table ip mizzen { chain d { } }\nadd rule ip mizzen no-such-chain accept\n");
    EXPECT_FALSE(bad.ok());
    EXPECT_THAT(nft_list_table("ip", "mizzen").value_or(""), ::testing::Not(HasSubstr("chain d")))
        << "all or nothing";
    MZ_TRY(nft_delete_table("ip", "mizzen"));
    MZ_TRY(nft_delete_table("ip", "mizzen"));
    EXPECT_EQ(nft_list_table("ip", "mizzen").error().code(), Code::NotFound);
    return {};
  });
  ASSERT_TRUE(done.ok()) << done.error().message();
}

TEST_F(NetLinksTest, NftTableIsListedAsDataWithNumbers) {
  auto done = in_network_namespace(node_->path(), []() -> Result<void> {
    EXPECT_EQ(nft_list_table_json("ip", "mizzen").error().code(), Code::NotFound);
    MZ_TRY(
        nft("table ip mizzen {\nmap m {\ntype inet_proto . inet_service : ipv4_addr ;\n"
            "elements = { tcp . 80 : 10.1.0.2 }\n}\n}\n"));
    MZ_ASSIGN(const auto text, nft_list_table_json("ip", "mizzen"));
    EXPECT_THAT(text, HasSubstr(R"([{"concat": [6, 80]}, "10.1.0.2"])"));
    EXPECT_EQ(nft_list_table_json("ip", "no { name").error().code(), Code::InternalError)
        << "what could not be asked for is not absent";
    return {};
  });
  ASSERT_TRUE(done.ok()) << done.error().message();
}

TEST_F(NetLinksTest, NamespacesAreToldApart) {
  const auto node = namespace_at(node_->path());
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(*node, *namespace_at(node_->path()));
  EXPECT_NE(*node, *namespace_at(pod_->path()));
  EXPECT_NE(*node, *namespace_at("/proc/self/ns/net"));
  ASSERT_TRUE(write_file(scratch_.at("file"), "").ok());
  EXPECT_EQ(namespace_at(scratch_.at("file")).error().code(), Code::NotFound) << "what a mount leaves behind";
  EXPECT_EQ(namespace_at(scratch_.at("absent")).error().code(), Code::NotFound);
}

TEST_F(NetLinksTest, NamespaceExistsOnceAndWorkDoesNotLeakOut) {
  EXPECT_FALSE(create_network_namespace(node_->path()).ok());
  auto outside = NetLinks::open();
  ASSERT_TRUE(outside.ok());
  ASSERT_TRUE(in_network_namespace(node_->path(), []() -> Result<void> {
                MZ_ASSIGN(auto net, NetLinks::open());
                return net.add_bridge("mztestbr9", 1500);
              }).ok());
  EXPECT_FALSE(outside->link("mztestbr9").ok());
  EXPECT_FALSE(in_network_namespace(scratch_.at("absent"), []() -> Result<void> { return {}; }).ok());
}

}  // namespace
}  // namespace mizzen::linux
