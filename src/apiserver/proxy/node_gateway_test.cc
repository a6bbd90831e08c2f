// The real API server in front of a node played by an HTTPS server of this process; where kubectl is
// installed, an old and a new one drive it: SPDY all the way, or WebSocket as far as the API server.
#include "apiserver/proxy/node_gateway.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "api/builtin.h"
#include "api/registry/catalog.h"
#include "api/schema/core/v1/node.h"
#include "api/schema/core/v1/service_account.h"
#include "apiserver/loopback/loopback.h"
#include "apiserver/proxy/node_address.h"
#include "apiserver/server.h"
#include "http/testing/fake_spdy_runtime.h"
#include "http/testing/raw_peer.h"
#include "http/websocket/websocket.h"
#include "pki/keystore.h"
#include "store/memory/memory_store.h"
#include "streaming/stream_translate.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Node;
using api::core::v1::Pod;
using client::Call;

class GatewayTest : public ::testing::Test {
 protected:
  GatewayTest() : folder_("/tmp/mizzen-gateway-" + std::to_string(::getpid())) {
    std::filesystem::create_directories(folder_);
    ApiServer::Options options;
    options.data_dir = folder_;
    options.address = "127.0.0.1";
    options.port = 0;
    options.external_names = {"127.0.0.1"};
    options.local_node = "n1";
    server_.emplace(
        ApiServer::Deps{real_clock(), secure_random(), store_, resources_, loops_, metrics_, health_},
        options);
    EXPECT_TRUE(server_->init().ok());
    const auto started = server_->start(Deadline::after(std::chrono::seconds(10), real_clock()));
    EXPECT_TRUE(started.ok()) << (started.ok() ? "" : started.error().message());
    start_kubelet("n1");
    api_.emplace(server_->loopback({"test", {"system:masters"}}));
    api::core::v1::ServiceAccount account;
    account.metadata.name = "default";
    account.metadata.namespace_ = "default";
    EXPECT_TRUE(client::create(*api_, account, Call()).ok());
    add_node("n1", "127.0.0.1");
    add_pod("p", "n1", {"c"});
  }
  ~GatewayTest() override {
    const auto soon = Deadline::after(std::chrono::milliseconds(100), real_clock());
    if (kubelet_) kubelet_->stop(soon);
    client_.reset();
    server_->stop(soon);
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  void start_kubelet(const std::string& certified_name) {
    pki::CertificateRequest request;
    request.common_name = "system:node:" + certified_name;
    request.dns_names = {certified_name};
    request.server = true;
    const auto pair = pki::ensure_issued(server_->authority(), folder_ + "/pki", "kubelet-" + certified_name,
                                         request, real_clock().wall());
    ASSERT_TRUE(pair.ok());
    http::Server::Options options;
    options.address = "127.0.0.1";
    options.tls =
        http::ServerTlsOptions{pair->certificate_pem, pair->key_pem, server_->authority().certificate_pem()};
    kubelet_ = std::make_unique<http::Server>(loops_, options, [](http::ExchangePtr e) { serve(e); });
    ASSERT_TRUE(kubelet_->start().ok());
  }
  static void serve(const http::ExchangePtr& e) {
    const auto& request = e->request();
    if (!request.peer || request.peer->common_name != "kube-apiserver-kubelet-client")
      return e->respond_text(401, "Unauthorized");
    if (request.path == "/containerLogs/default/p/c") {
      if (request.query == "previous=true")
        return e->respond_text(400, "previous terminated container not found");
      return e->respond(200, {{"Content-Type", "text/plain"}}, http::Slice("log " + request.query + "\n"));
    }
    const bool forward = request.path == "/portForward/default/p";
    if (!forward && request.path != "/exec/default/p/c") return e->respond_text(404, "404 page not found");
    if (!request.query.empty() && request.query.find("command=missing") != std::string::npos)
      return e->respond_text(500, "container not found (\"c\")");
    auto d =
        e->upgrade({{"Connection", "Upgrade"},
                    {"Upgrade", "SPDY/3.1"},
                    {"X-Stream-Protocol-Version", forward ? "portforward.k8s.io" : http::kStreamProtocolV4}});
    ASSERT_TRUE(d.ok()) << d.error().message();
    std::make_shared<http::testing::FakeRuntime>(*d, "fail")->start();
  }

  void add_node(const std::string& name, const std::string& address) {
    Node node;
    node.metadata.name = name;
    const auto made = client::create(*api_, node, Call());
    ASSERT_TRUE(made.ok()) << made.error().message();
    node = **made;
    auto& a = node.status.addresses.emplace_back();
    a.type = "InternalIP";
    a.address = address;
    node.status.daemonEndpoints.kubeletEndpoint.port = kubelet_->port();
    ASSERT_TRUE(client::update_status(*api_, node, Call()).ok());
  }
  void add_pod(const std::string& name, const std::string& node, const std::vector<std::string>& containers) {
    Pod pod;
    pod.metadata.name = name;
    pod.metadata.namespace_ = "default";
    pod.spec.nodeName = node;
    for (const auto& c : containers) {
      pod.spec.containers.emplace_back().name = c;
      pod.spec.containers.back().image = "i";
    }
    const auto made = client::create(*api_, pod, Call());
    ASSERT_TRUE(made.ok()) << made.error().message();
    pod = **made;
    pod.status.phase = "Running";
    ASSERT_TRUE(client::update_status(*api_, pod, Call()).ok());
  }
  http::Client& admin() {
    if (client_) return *client_;
    const auto identity = pki::load_pair(folder_ + "/pki", "admin");
    http::Client::Options options;
    options.tls.ca_pem = server_->authority().certificate_pem();
    options.tls.certificate_pem = identity->certificate_pem;
    options.tls.key_pem = identity->key_pem;
    return client_.emplace(loops_, options);
  }
  /// Status and body of a request as the cluster's administrator.
  std::string ask(const std::string& path, const std::string& method = "GET", http::Headers headers = {}) {
    http::ClientRequest request;
    request.method = method;
    request.target = {.tls = true, .host = "127.0.0.1", .port = server_->port()};
    request.path = "/api/v1/namespaces/default/pods/" + path;
    request.headers = std::move(headers);
    const auto r = admin().request(request, {Deadline::after(std::chrono::seconds(10), real_clock()), {}});
    return r.ok() ? std::to_string(r->status) + " " + r->body : r.error().message();
  }
  std::string kubectl(const std::string& program, const std::string& arguments) {
    FILE* pipe = ::popen((arguments.substr(0, arguments.find("KUBECTL")) + "HOME=/tmp timeout 20 " + program +
                          " --cache-dir=" + folder_ + "/cache --kubeconfig=" + server_->kubeconfig_path() +
                          arguments.substr(arguments.find("KUBECTL") + 7) + " 2>&1; echo \"exit $?\"")
                             .c_str(),
                         "r");
    std::string out;
    std::array<char, 4096> chunk;
    for (size_t n = 0; pipe && (n = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0;)
      out.append(chunk.data(), n);
    if (pipe) ::pclose(pipe);
    return out;
  }
  /// The oldest and the newest of known version.
  static std::vector<std::string> installed() {
    std::vector<std::string> out;
    for (const char* folder : {"/usr/lib/google-cloud-sdk/bin/kubectl.1.", "/usr/local/bin/kubectl.1."})
      for (int minor = 20; minor < 40; ++minor)
        if (const std::string path = folder + std::to_string(minor); ::access(path.c_str(), X_OK) == 0)
          out.push_back(path);
    if (out.size() > 2) out = {out.front(), out.back()};
    return out;
  }

  const std::string folder_;
  store::MemoryStore store_{{.clock = real_clock()}};
  api::ResourceCatalog resources_{api::builtin()};
  http::Loops loops_{{.clock = real_clock(), .random = secure_random()}};
  Metrics metrics_;
  Health health_;
  std::optional<ApiServer> server_;
  std::unique_ptr<http::Server> kubelet_;
  std::optional<Loopback> api_;
  std::optional<http::Client> client_;
};

#define EXPECT_HAS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(GatewayTest, LogsComeFromTheNodeAndErrorsAreStatuses) {
  EXPECT_EQ(ask("p/log?tailLines=3&timestamps=true&container=c&pretty=true"),
            "200 log tailLines=3&timestamps=true\n");
  EXPECT_EQ(ask("p/log", "GET", {{"Accept", "text/plain"}}), "200 log \n");
  const std::string previous = ask("p/log?previous=true");
  EXPECT_TRUE(previous.starts_with("400 ")) << previous;
  EXPECT_HAS(previous, "previous terminated container not found");
  EXPECT_HAS(ask("p/log?container=x"),
             R"("message":"container x is not valid for pod p","reason":"BadRequest")");
  add_pod("two", "n1", {"a", "b"});
  EXPECT_HAS(ask("two/log"), "a container name must be specified for pod two, choose one of: [a b]");
  add_pod("nowhere", "", {"c"});
  EXPECT_EQ(ask("nowhere/log"), "200 ");
  EXPECT_HAS(ask("nowhere/exec?command=ls", "POST"), "pod nowhere does not have a host assigned");
  EXPECT_HAS(ask("none/log"), R"(pods \"none\" not found)");
  EXPECT_HAS(ask("p/exec?command=ls&stdout=true", "POST"), "Upgrade request required");
}

TEST_F(GatewayTest, LogsComeAsMessagesOfAWebSocket) {
  const auto messages = [&](const std::vector<std::string>& protocols) -> std::string {
    http::ClientRequest request;
    request.target = {.tls = true, .host = "127.0.0.1", .port = server_->port()};
    request.path = "/api/v1/namespaces/default/pods/p/log?container=c&tailLines=3";
    request.headers = http::WebSocket::client_headers("dGhlIHNhbXBsZSBub25jZQ==", protocols);
    auto upgraded =
        admin().dial_upgrade(request, {Deadline::after(std::chrono::seconds(10), real_clock()), {}});
    if (!upgraded.ok()) return upgraded.error().message();
    if (!upgraded->duplex) return std::to_string(upgraded->status) + " " + upgraded->body;
    const auto socket = http::WebSocket::over(std::move(upgraded->duplex), false, {});
    Guarded<std::string> out;
    StopSource closed;
    socket->start({.on_message =
                       [&](std::string_view message, bool binary) {
                         out.with([&](auto& o) { o += (binary ? "<" : "'") + std::string(message) + ">"; });
                       },
                   .on_drained = {},
                   .on_closed =
                       [&](uint16_t code, std::string_view) {
                         out.with([&](auto& o) { o += " " + std::to_string(code); });
                         closed.stop();
                       }});
    EXPECT_TRUE(closed.token().wait_until(Deadline::after(std::chrono::seconds(10), real_clock())));
    return out.with([](const auto& o) { return o; });
  };
  EXPECT_EQ(messages({}), "<><log tailLines=3\n> 1000");
  EXPECT_EQ(messages({"other", "binary.k8s.io"}), "<><log tailLines=3\n> 1000");
  EXPECT_EQ(messages({"base64.binary.k8s.io"}), "'>'bG9nIHRhaWxMaW5lcz0zCg==> 1000");
  EXPECT_HAS(messages({"other"}), "400 ");
}

TEST_F(GatewayTest, NodesThatAreNotWhoTheySayOrLeadElsewhereAreNotTalkedTo) {
  add_node("n2", "127.0.0.1");
  add_pod("inward", "n2", {"c"});
  EXPECT_HAS(ask("inward/log"), "address 127.0.0.1 of node \\\"n2\\\" is not allowed");
  const auto port = kubelet_->port();
  kubelet_->stop(Deadline::after(std::chrono::milliseconds(10), real_clock()));
  const std::string down = ask("p/log");
  EXPECT_TRUE(down.starts_with("500 ")) << down;
  EXPECT_HAS(down, "Get \\\"https://127.0.0.1:" + std::to_string(port) + "/containerLogs/default/p/c\\\": ");
  start_kubelet("n9");
  auto node = **client::get<Node>(*api_, "", "n1", Call());
  node.status.daemonEndpoints.kubeletEndpoint.port = kubelet_->port();
  ASSERT_TRUE(client::update_status(*api_, node, Call()).ok());
  const std::string impostor = ask("p/log");
  EXPECT_TRUE(impostor.starts_with("500 ")) << impostor;
  EXPECT_HAS(impostor, "ertificate");
}

TEST_F(GatewayTest, KubectlLogsExecAndPortForward) {
  const auto all = installed();
  if (all.empty()) GTEST_SKIP() << "no kubectl of known version is installed";
  for (const std::string& program : all) {
    EXPECT_EQ(kubectl(program, "KUBECTL logs p --tail=5"), "log tailLines=5\nexit 0\n") << program;
    const std::string out = kubectl(program, "printf hello | KUBECTL exec -i p -- cat");
    EXPECT_HAS(out, "hello");
    EXPECT_HAS(out, "oops");
    EXPECT_TRUE(out.ends_with("exit 3\n")) << program << out;
    EXPECT_HAS(kubectl(program, "KUBECTL exec p -- missing"), "container not found");
    EXPECT_HAS(kubectl(program, "KUBECTL exec p -c x -- ls"), "container x is not valid for pod p");
    FILE* pipe = ::popen(
        ("HOME=/tmp exec timeout 5 " + program + " --cache-dir=" + folder_ +
         "/cache --kubeconfig=" + server_->kubeconfig_path() + " port-forward --address 127.0.0.1 p :80 2>&1")
            .c_str(),
        "r");
    ASSERT_NE(pipe, nullptr);
    std::array<char, 256> line{};
    int port = 0;
    ASSERT_NE(std::fgets(line.data(), line.size(), pipe), nullptr);
    EXPECT_EQ(std::sscanf(line.data(), "Forwarding from 127.0.0.1:%d", &port), 1) << line.data();
    if (port > 0) {
      http::testing::RawPeer peer(static_cast<uint16_t>(port));
      const std::string sent(100'000, 'x');
      peer.send(sent);
      EXPECT_TRUE(peer.read_exactly(sent.size()) == sent) << program;
    }
    ::pclose(pipe);
  }
  kubelet_->stop(Deadline::after(std::chrono::milliseconds(10), real_clock()));
  for (const std::string& program : all)
    EXPECT_HAS(kubectl(program, "KUBECTL exec p -- ls"), "error dialing backend: ");
}

TEST(NodeAddressTest, OnlyRegisteredAddressesOfOtherMachines) {
  struct Case {
    const char* type;
    const char* address;
    bool local;
    bool ok;
  };
  const Case cases[] = {
      {"InternalIP", "10.0.0.1", false, true},
      {"ExternalIP", "203.0.113.9", false, true},
      {"InternalIP", "fd00::1", false, true},
      {"InternalIP", "127.0.0.1", false, false},
      {"InternalIP", "127.0.0.1", true, true},
      {"InternalIP", "::1", false, false},
      {"InternalIP", "::1", true, true},
      {"InternalIP", "169.254.169.254", true, false},
      {"InternalIP", "fe80::1", true, false},
      {"InternalIP", "0.0.0.0", true, false},
      {"InternalIP", "::", true, false},
      {"InternalIP", "224.0.0.1", true, false},
      {"InternalIP", "255.255.255.255", true, false},
      {"InternalIP", "::ffff:127.0.0.1", false, false},
      {"InternalIP", "::ffff:169.254.1.1", true, false},
      {"InternalIP", "metadata.internal", true, false},
      {"Hostname", "10.0.0.1", true, false},
      {"InternalIP", "0x7f.1", true, false},
  };
  for (const Case& c : cases) {
    Node node;
    node.metadata.name = "n";
    auto& a = node.status.addresses.emplace_back();
    a.type = c.type;
    a.address = c.address;
    const auto r = kubelet_target(node, c.local);
    EXPECT_EQ(r.ok(), c.ok) << c.address;
    if (!r.ok()) continue;
    EXPECT_EQ(r->host, "n") << "TLS is checked against the node's name";
    EXPECT_EQ(r->pinned_address, c.address);
    EXPECT_EQ(r->port, 10250);
  }
}

}  // namespace
}  // namespace mizzen::apiserver
