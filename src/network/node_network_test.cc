#include "network/node_network.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <map>

#include "base/file.h"
#include "codec/json/tree.h"
#include "linux/net/net_links.h"
#include "linux/net/nftables.h"
#include "linux/process/process.h"
#include "linux/testing/scratch.h"
#include "network/bridge/bridge_plane.h"
#include "network/cni/cni_files.h"
#include "network/plan/addresses.h"
#include "network/testing/fake_plane.h"

namespace mizzen::network {
namespace {

using codec::Value;
using linux::is_root;
using linux::NetLinks;
using linux::ScratchFolder;
using linux::ScratchNetwork;
using ::testing::HasSubstr;
using ::testing::Not;

Deadline soon() { return Deadline::after(std::chrono::seconds(20), real_clock()); }

/// On a fake data plane, with a pod whose namespace is the test's own; needs no rights.
class NodeNetworkLookTest : public ::testing::Test {
 protected:
  NodeNetworkLookTest() {
    EXPECT_TRUE(network_.start(soon()).ok());
    EXPECT_EQ(call("ADD").exit_code, 0);
  }
  CniAnswer call(const std::string& command) {
    return network_.serve({command, "c", "/proc/self/ns/net", "eth0", "", R"({"cniVersion":"1.1.0"})"},
                          soon());
  }
  static void until(const std::function<bool()>& true_now) {
    const auto end = soon();
    while (!true_now() && !end.expired()) ::usleep(1000);
    EXPECT_TRUE(true_now());
  }
  ScratchFolder scratch_;
  FakePlane plane_;
  std::atomic<bool> fails_ = false;
  ThreadPool pool_{real_clock(), {}};
  Timers timers_{pool_, real_clock()};
  NodeNetwork network_{{{real_clock(), secure_random(), pool_, timers_}, plane_},
                       {{.data_folder = scratch_.at("data")}, "boot", std::chrono::milliseconds(10)}};
};

TEST_F(NodeNetworkLookTest, ItLooksByItselfAgainAndAgain) {
  for (int i = 0; i < 3; ++i) {
    plane_.wipe();
    until([&] { return plane_.wired().size() == 1; });
  }
}

TEST_F(NodeNetworkLookTest, WhatItCannotMendIsToldUntilItCan) {
  network_.stop();
  plane_.on_look = [&] { return fails_ ? Error(Code::InternalError, "no netlink") : Result<void>(); };
  ASSERT_TRUE(network_.start(soon()).ok());
  EXPECT_EQ(call("STATUS").exit_code, 0);
  fails_ = true;
  until([&] { return call("STATUS").exit_code == 1; });
  EXPECT_THAT(call("STATUS").output, HasSubstr("\"code\":50"));
  EXPECT_THAT(call("STATUS").output, HasSubstr("no netlink"));
  EXPECT_EQ(call("ADD").exit_code, 0) << "pods are served as well as it goes";
  fails_ = false;
  until([&] { return call("STATUS").exit_code == 0; });
}

/// The resident network with what it stands on; its threads belong to the namespace it was made in.
struct Resident {
  explicit Resident(NodeNetwork::Options options)
      : network({{real_clock(), secure_random(), pool, timers}, plane}, std::move(options)) {}
  ThreadPool pool{real_clock(), {.threads_max = 16}};
  Timers timers{pool, real_clock()};
  BridgePlane plane;
  NodeNetwork network;
};

/// A node (a network namespace) with two pods (two more), all for real but the node's processes. Calls go the
/// way a runtime's do: through the program that is installed, and the socket.
class NodeNetworkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_root()) GTEST_SKIP() << "needs root";
    for (const char* name : {"node", "a", "b"}) add_space(name);
    ASSERT_TRUE(install_cni(options().network, scratch_.at("conf"), scratch_.at("bin")).ok());
    start();
  }
  void TearDown() override { resident_.reset(); }
  void add_space(const std::string& name) {
    spaces_[name] = std::make_unique<ScratchNetwork>(scratch_.at(name));
    ASSERT_TRUE(linux::in_network_namespace(scratch_.at(name), [] { return linux::set_loopback_up(); }).ok());
  }
  NodeNetwork::Options options() { return {{.data_folder = scratch_.at("data")}, boot_}; }
  Result<void> in_node(const std::function<Result<void>()>& f) {
    return linux::in_network_namespace(scratch_.at("node"), f);
  }
  void start() {
    const auto done = in_node([&] {
      resident_ = std::make_unique<Resident>(options());
      return resident_->network.start(soon());
    });
    ASSERT_TRUE(done.ok()) << done.error().message();
  }
  std::string resync() {
    std::string out;
    const auto done = in_node([&]() -> Result<void> {
      MZ_ASSIGN(out, resident_->network.resync(soon()));
      return {};
    });
    EXPECT_TRUE(done.ok()) << done.error().message();
    return out;
  }
  CniAnswer call(const std::string& command, const std::string& pod, const std::string& extra = "",
                 const std::string& program = "mizzen-cni") {
    const std::string config =
        fmt::format(R"({{"cniVersion":"1.1.0","socket":"{}"{}}})", options().network.socket(), extra);
    const auto ran =
        linux::run({.argv = {scratch_.at("bin/") + program},
                    .extra_environment = {"CNI_COMMAND=" + command, "CNI_CONTAINERID=container-" + pod,
                                          "CNI_NETNS=" + scratch_.at(pod), "CNI_IFNAME=eth0",
                                          "CNI_ARGS=K8S_POD_NAMESPACE=default;K8S_POD_NAME=" + pod},
                    .input = config,
                    .deadline = soon()});
    EXPECT_TRUE(ran.ok()) << ran.error().message();
    return ran.ok() ? CniAnswer{ran->output, ran->exit_code} : CniAnswer{};
  }
  static std::string address(const CniAnswer& a) {
    const auto document = Value::parse(a.output);
    const Value* ips = document.ok() ? document->find("ips") : nullptr;
    if (!ips) return "no address in " + a.output;
    const auto prefix = ips->items()[0].find("address")->text();
    return prefix.substr(0, prefix.find('/'));
  }
  static std::string web(int port, const std::string& ip = "") {
    return fmt::format(R"(,"runtimeConfig":{{"portMappings":[
        {{"HostPort":{},"containerPort":9000,"protocol":"TCP","HostIP":"{}"}}]}})",
                       port, ip);
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
  /// All that the kernel has of the node, with the numbers it gave: what is made anew has others.
  std::string kernel() {
    std::string out;
    const auto done = in_node([&]() -> Result<void> {
      MZ_ASSIGN(out, linux::nft_list_table_json("ip", "mizzen"));
      MZ_ASSIGN(auto net, NetLinks::open());
      MZ_ASSIGN(const auto links, net.links());
      for (const auto& l : links)
        out += fmt::format("\n{} {} {} {} {}", l.index, l.name, l.mac, l.up, l.master);
      return {};
    });
    EXPECT_TRUE(done.ok()) << done.error().message();
    return out;
  }
  size_t pods() { return resident_->network.plan().pods.size(); }

  ScratchFolder scratch_;
  std::string boot_ = "boot";
  std::map<std::string, std::unique_ptr<ScratchNetwork>> spaces_;
  std::unique_ptr<Resident> resident_;
};

TEST_F(NodeNetworkTest, PodsReachEachOtherTheNodeAndThemselves) {
  const auto a = call("ADD", "a");
  const auto b = call("ADD", "b", web(8080));
  ASSERT_EQ(a.exit_code, 0) << a.output;
  ASSERT_EQ(b.exit_code, 0) << b.output;
  EXPECT_NE(address(a), address(b));
  EXPECT_EQ(address(call("ADD", "a")), address(a)) << "ADD again is the same";
  EXPECT_EQ(call("CHECK", "a").exit_code, 0);
  EXPECT_EQ(call("CHECK", "b", web(8080)).exit_code, 0);
  EXPECT_EQ(call("STATUS", "").exit_code, 0);
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

TEST_F(NodeNetworkTest, HostPortsOnOneAddressLeadToTheirPods) {
  for (const char* bad : {"127.0.0.1", "::1", "1.2.3.4; flush ruleset"}) {
    const auto refused = call("ADD", "a", web(8080, bad));
    EXPECT_EQ(refused.exit_code, 1) << bad;
    EXPECT_THAT(refused.output, HasSubstr("\"code\":7")) << bad;
  }
  ASSERT_EQ(call("ADD", "a", web(8080, "10.42.0.1")).exit_code, 0);
  Server server;
  serve(server, "a", 9000);
  EXPECT_TRUE(answers("a", "10.42.0.1", 8080));
  // Another address of the node: the port is another pod's there.
  ASSERT_TRUE(in_node([]() -> Result<void> {
                MZ_ASSIGN(auto net, NetLinks::open());
                return net.add_address("mizzen0", {"192.0.2.1", 32});
              }).ok());
  EXPECT_FALSE(answers("a", "192.0.2.1", 8080));
  const auto b = call("ADD", "b", web(8080, "192.0.2.1"));
  ASSERT_EQ(b.exit_code, 0) << b.output;
  Server other;
  serve(other, "b", 9000);
  EXPECT_TRUE(answers("a", "192.0.2.1", 8080));
  ASSERT_EQ(call("DEL", "a").exit_code, 0);
  EXPECT_FALSE(answers("b", "10.42.0.1", 8080));
  EXPECT_TRUE(answers("b", "192.0.2.1", 8080)) << "only its own went";
  EXPECT_EQ(resync(), "") << "an address that somebody else gave the bridge is his";
}

TEST_F(NodeNetworkTest, AHostPortIsNeitherStolenNorTakenAwayByWhoDoesNotHaveIt) {
  ASSERT_EQ(call("ADD", "a", web(8080)).exit_code, 0);
  Server server;
  serve(server, "a", 9000);
  const auto refused = call("ADD", "b", web(8080));
  EXPECT_THAT(refused.output, HasSubstr("\"code\":11"));
  EXPECT_THAT(refused.output, HasSubstr("pod default/a"));
  EXPECT_TRUE(answers("node", "10.42.0.1", 8080)) << "the failed ADD took nothing";
  EXPECT_EQ(call("DEL", "b", web(8080)).exit_code, 0);
  EXPECT_TRUE(answers("node", "10.42.0.1", 8080));
  // A ends, its DEL comes late.
  server.process->terminate(std::chrono::seconds(2), real_clock()).ok();
  server.process.reset();
  spaces_.erase("a");
  const auto b = call("ADD", "b", web(8080));
  ASSERT_EQ(b.exit_code, 0) << b.output;
  Server other;
  serve(other, "b", 9000);
  EXPECT_EQ(call("DEL", "a", web(8080)).exit_code, 0);
  EXPECT_EQ(call("DEL", "a", web(8080)).exit_code, 0);
  EXPECT_TRUE(answers("node", "10.42.0.1", 8080)) << "the late DEL took nothing of B's";
}

TEST_F(NodeNetworkTest, FailedAddLeavesNothing) {
  const auto before = kernel();
  EXPECT_EQ(call("ADD", "absent", web(8080)).exit_code, 1);
  // The interface's name is taken in the pod.
  ASSERT_TRUE(linux::in_network_namespace(scratch_.at("a"), []() -> Result<void> {
                MZ_ASSIGN(auto net, NetLinks::open());
                return net.add_bridge("eth0", 1500);
              }).ok());
  EXPECT_EQ(call("ADD", "a", web(8080)).exit_code, 1);
  EXPECT_EQ(kernel(), before);
  EXPECT_EQ(pods(), 0u);
}

TEST_F(NodeNetworkTest, ARestartChangesNothingOfWhatIsThere) {
  ASSERT_EQ(call("ADD", "a", web(8080)).exit_code, 0);
  ASSERT_EQ(call("ADD", "b", web(8081, "10.42.0.1")).exit_code, 0);
  const auto before = kernel();
  resident_.reset();
  Server server;
  serve(server, "a", 9000);
  EXPECT_TRUE(answers("node", "10.42.0.1", 8080))
      << "pods keep their network while the node's process is away";
  start();
  EXPECT_EQ(kernel(), before);
  EXPECT_EQ(resync(), "");
  EXPECT_EQ(kernel(), before);
  EXPECT_EQ(call("CHECK", "a", web(8080)).exit_code, 0);
  EXPECT_EQ(call("DEL", "a").exit_code, 0);
  EXPECT_EQ(call("DEL", "b").exit_code, 0);
  EXPECT_THAT(kernel(), Not(HasSubstr("elem")));
}

TEST_F(NodeNetworkTest, WhatSomebodyTookAwayComesBack) {
  ASSERT_EQ(call("ADD", "a", web(8080)).exit_code, 0);
  Server server;
  serve(server, "a", 9000);
  const auto healed = [&](const char* what, const std::function<Result<void>()>& break_it) {
    const auto broken = in_node(break_it);
    ASSERT_TRUE(broken.ok()) << broken.error().message();
    EXPECT_FALSE(answers("b", "10.42.0.1", 8080)) << what;
    EXPECT_NE(resync(), "") << what;
    EXPECT_EQ(resync(), "") << what;
    EXPECT_TRUE(answers("b", "10.42.0.1", 8080)) << what;
  };
  ASSERT_EQ(call("ADD", "b").exit_code, 0);
  healed("elements", [] { return linux::nft("flush map ip mizzen hostports\n"); });
  healed("rules", [] { return linux::nft("flush table ip mizzen\n"); });
  healed("table", [] { return linux::nft_delete_table("ip", "mizzen"); });
  healed("port", []() -> Result<void> {
    MZ_ASSIGN(auto net, NetLinks::open());
    return net.delete_link(host_interface_name({"container-a", "eth0"}));
  });
  healed("bridge", []() -> Result<void> {
    MZ_ASSIGN(auto net, NetLinks::open());
    return net.delete_link("mizzen0");
  });
  EXPECT_EQ(call("CHECK", "a", web(8080)).exit_code, 0);
}

TEST_F(NodeNetworkTest, AnAddAfterAllWasTakenAwayPutsItBack) {
  ASSERT_EQ(call("ADD", "a", web(8080)).exit_code, 0);
  ASSERT_TRUE(in_node([]() -> Result<void> {
                MZ_ASSIGN(auto net, NetLinks::open());
                MZ_TRY(net.delete_link("mizzen0"));
                return linux::nft_delete_table("ip", "mizzen");
              }).ok());
  const auto b = call("ADD", "b", web(8081));
  ASSERT_EQ(b.exit_code, 0) << b.output;
  Server server;
  serve(server, "b", 9000);
  EXPECT_TRUE(answers("node", "10.42.0.1", 8081));
  EXPECT_EQ(call("CHECK", "a", web(8080)).exit_code, 0) << "a check mends what is asked about";
}

TEST_F(NodeNetworkTest, WhatEndedWhileTheNodeWasAwayGoesAtItsStart) {
  ASSERT_EQ(call("ADD", "a", web(8080)).exit_code, 0);
  ASSERT_EQ(call("ADD", "b").exit_code, 0);
  const auto empty_handed = kernel();
  resident_.reset();
  EXPECT_THAT(call("ADD", "b").output, HasSubstr("\"code\":11"));
  EXPECT_THAT(call("DEL", "a").output, HasSubstr("\"code\":11"))
      << "its namespace is there, and its interface";
  spaces_.erase("a");
  EXPECT_EQ(call("DEL", "a").exit_code, 0) << "what is left of it goes below";
  start();
  EXPECT_EQ(pods(), 1u);
  EXPECT_THAT(kernel(), Not(HasSubstr("elem")));
  EXPECT_THAT(kernel(), Not(HasSubstr(host_interface_name({"container-a", "eth0"}))));
}

TEST_F(NodeNetworkTest, AnAddThatNobodyHeardOfIsUndoneByDel) {
  // The process is killed after the journal: nothing was made yet, or all of it.
  for (const bool made : {false, true}) {
    const auto before = kernel();
    ASSERT_EQ(call("ADD", "a", web(8080)).exit_code, 0);
    const auto journal = *read_file(options().network.journal());
    if (!made) ASSERT_EQ(call("DEL", "a").exit_code, 0);
    resident_.reset();
    ASSERT_TRUE(write_file(options().network.journal(), journal, 0600).ok());
    start();
    EXPECT_EQ(pods(), 1u);
    EXPECT_EQ(call("DEL", "a").exit_code, 0);
    EXPECT_EQ(kernel(), before);
    EXPECT_EQ(pods(), 0u);
  }
}

TEST_F(NodeNetworkTest, FiftyPodsAtOnce) {
  for (int i = 0; i < 50; ++i) add_space(fmt::format("p{}", i));
  std::atomic<int> ok = 0;
  const auto all = [&](const std::string& command) {
    ok = 0;
    std::vector<Thread> threads;
    for (int i = 0; i < 50; ++i) {
      threads.emplace_back("plugin", [&, i] {
        const auto answer = call(command, fmt::format("p{}", i), web(9100 + i));
        EXPECT_EQ(answer.exit_code, 0) << answer.output;
        if (answer.exit_code == 0) ++ok;
      });
    }
  };
  const auto before = kernel();
  all("ADD");
  EXPECT_EQ(ok, 50);
  EXPECT_EQ(pods(), 50u);
  EXPECT_EQ(resync(), "");
  all("DEL");
  EXPECT_EQ(ok, 50);
  EXPECT_EQ(kernel(), before);
}

TEST_F(NodeNetworkTest, GcKeepsWhatItNames) {
  ASSERT_EQ(call("ADD", "a").exit_code, 0);
  ASSERT_EQ(call("ADD", "b").exit_code, 0);
  EXPECT_EQ(call("GC", "", R"(,"cni.dev/valid-attachments":[{"containerID":"container-b","ifname":"eth0"}])")
                .exit_code,
            0);
  EXPECT_EQ(call("CHECK", "b").exit_code, 0);
  EXPECT_EQ(call("CHECK", "a").exit_code, 1);
}

TEST_F(NodeNetworkTest, ProtocolErrorsHaveTheirCodes) {
  const auto code_of = [&](CniCall c) {
    const auto v = Value::parse(resident_->network.serve(c, soon()).output);
    return v.ok() && v->find("code") ? v->find("code")->text() : "none";
  };
  EXPECT_EQ(code_of({.command = "ADD", .config = "not json"}), "6");
  EXPECT_EQ(code_of({.command = "ADD", .config = R"({"cniVersion":"9.0"})"}), "1");
  EXPECT_EQ(code_of({.command = "GC", .config = R"({"cniVersion":"0.4.0"})"}), "4");
  EXPECT_EQ(code_of({.command = "X", .config = R"({"cniVersion":"1.1.0"})"}), "4");
  EXPECT_EQ(code_of({.command = "ADD", .container_id = "c", .config = R"({"cniVersion":"0.4.0"})"}), "4");
  EXPECT_EQ(code_of({"DEL", "c", "", "sixteen-letters-", "", R"({"cniVersion":"0.4.0"})"}), "4");
}

TEST_F(NodeNetworkTest, OneDataFolderHasOneNetwork) {
  const auto second = in_node([&] {
    Resident other(options());
    return other.network.start(soon());
  });
  EXPECT_EQ(second.error().code(), Code::AlreadyExists);
  EXPECT_EQ(call("ADD", "a").exit_code, 0) << "the first goes on";
}

TEST_F(NodeNetworkTest, DownTakesEverythingAwayAlsoWhereNothingRuns) {
  ASSERT_EQ(call("ADD", "a", web(8080)).exit_code, 0);
  resident_.reset();
  ASSERT_TRUE(in_node([&]() -> Result<void> {
                // A link whose bridge somebody took away is ours by the journal alone.
                MZ_ASSIGN(auto net, NetLinks::open());
                MZ_TRY(net.delete_link("mizzen0"));
                BridgePlane plane;
                MZ_TRY(NodeNetwork::down(plane, options()));
                MZ_TRY(NodeNetwork::down(plane, options()));
                EXPECT_FALSE(linux::nft_list_table("ip", "mizzen").ok());
                MZ_ASSIGN(const auto links, net.links());
                EXPECT_EQ(links.size(), 1u) << "only loopback stays";
                return {};
              }).ok());
  EXPECT_FALSE(path_exists(scratch_.at("data")));
}

TEST_F(NodeNetworkTest, AStartThatIsTakenBackLeavesNothingOfItsOwn) {
  ASSERT_TRUE(in_node([&]() -> Result<void> {
                resident_->network.stop_what_was_started();
                MZ_ASSIGN(auto net, NetLinks::open());
                MZ_ASSIGN(const auto links, net.links());
                EXPECT_EQ(links.size(), 1u);
                return {};
              }).ok());
  EXPECT_FALSE(path_exists(scratch_.at("data")));
  start();
  ASSERT_EQ(call("ADD", "a").exit_code, 0);
  const auto before = kernel();
  resident_.reset();
  start();
  ASSERT_TRUE(in_node([&]() -> Result<void> {
                resident_->network.stop_what_was_started();
                return {};
              }).ok());
  EXPECT_EQ(kernel(), before) << "what was there before, with pods in it, stays";
}

TEST_F(NodeNetworkTest, LoopbackPlugInBringsLoUp) {
  spaces_["c"] = std::make_unique<ScratchNetwork>(scratch_.at("c"));
  const auto out = call("ADD", "c", "", "loopback");
  EXPECT_EQ(out.exit_code, 0) << out.output;
  EXPECT_EQ(address(out), "127.0.0.1");
  Server server;
  serve(server, "c", 9001);
  EXPECT_TRUE(answers("c", "127.0.0.1", 9001));
}

}  // namespace
}  // namespace mizzen::network
