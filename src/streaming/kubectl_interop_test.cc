// The real kubectl's exec and port-forward against our SPDY and WebSocket code: old ones speak SPDY straight
// to the fake runtime, new ones WebSocket through the translator and the tunnel. Skipped where no kubectl is
// installed.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "async/executor.h"
#include "http/client/client.h"
#include "http/server/server.h"
#include "http/testing/fake_spdy_runtime.h"
#include "http/testing/raw_peer.h"
#include "streaming/stream_translate.h"

namespace mizzen::http {
namespace {

using testing::FakeRuntime;

constexpr const char* kPod =
    R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","namespace":"default","uid":"1"},)"
    R"("spec":{"containers":[{"name":"c","image":"i"}]},"status":{"phase":"Running"}})";
constexpr const char* kResources =
    R"({"kind":"APIResourceList","apiVersion":"v1","groupVersion":"v1","resources":[{"name":"pods","singularName":"pod",)"
    R"("namespaced":true,"kind":"Pod","verbs":["get","list"]}]})";

/// As little of an API server as kubectl exec and port-forward need.
struct ApiStub {
  ApiStub() {
    client = std::make_unique<Client>(loops, Client::Options{});
    server =
        std::make_unique<Server>(loops, Server::Options{}, [this](ExchangePtr e) { serve(std::move(e)); });
    EXPECT_TRUE(server->start().ok());
  }
  ~ApiStub() {
    client->stop();
    server->stop(Deadline::after(std::chrono::milliseconds(10), real_clock()));
    workers.stop();
  }
  void serve(ExchangePtr e) {
    const std::string& path = e->request().path;
    const auto json = [&](const char* text) {
      e->respond(200, {{"Content-Type", "application/json"}}, Slice(text));
    };
    if (path == "/api") return json(R"({"kind":"APIVersions","versions":["v1"]})");
    if (path == "/apis") return json(R"({"kind":"APIGroupList","apiVersion":"v1","groups":[]})");
    if (path == "/api/v1") return json(kResources);
    if (path == "/api/v1/namespaces/default/pods/p") return json(kPod);
    if (path == "/runtime" || (e->wants_upgrade() && !WebSocket::wanted(e->request()))) {
      ++spdy;
      const std::string_view protocol = path.ends_with("/portforward") || e->request().query == "forward"
                                            ? "portforward.k8s.io"
                                            : kStreamProtocolV4;
      auto d = e->upgrade({{"Connection", "Upgrade"},
                           {"Upgrade", "SPDY/3.1"},
                           {"X-Stream-Protocol-Version", std::string(protocol)}});
      ASSERT_TRUE(d.ok());
      return std::make_shared<FakeRuntime>(*d, "fail")->start();
    }
    if (!WebSocket::wanted(e->request())) return e->respond_text(404, "404 page not found");
    ++websockets;
    ASSERT_TRUE(workers.post([this, e] {
      const bool forward = e->request().path.ends_with("/portforward");
      auto up = client->dial_upgrade({.method = "POST",
                                      .target = {.host = "127.0.0.1", .port = server->port()},
                                      .path = forward ? "/runtime?forward" : "/runtime",
                                      .headers = {{"Connection", "Upgrade"}, {"Upgrade", "SPDY/3.1"}}},
                                     {Deadline::after(std::chrono::seconds(3), real_clock()), {}});
      ASSERT_TRUE(up.ok() && up->status == 101);
      const std::string protocol =
          forward ? kTunnelPrefix + tunnelled_protocols(e->request()).at(0) : kStreamProtocolV5;
      auto ws = WebSocket::accept(*e, protocol, {.message_bytes_max = kStreamMessageBytesMax});
      ASSERT_TRUE(ws.ok());
      if (forward) return tunnel_websocket(*ws, up->duplex);
      translate_streams(*ws, up->duplex,
                        {.stdin_wanted = true,
                         .stdout_wanted = true,
                         .stderr_wanted = true,
                         .failure_status = [](const std::string& why) { return why; }});
    }));
  }
  Loops loops{{.clock = real_clock(), .random = secure_random()}};
  ThreadPool workers{real_clock(), {.threads_max = 4}};
  std::unique_ptr<Client> client;
  std::unique_ptr<Server> server;
  std::atomic<int> spdy = 0;
  std::atomic<int> websockets = 0;
};

std::vector<std::string> installed() {
  std::vector<std::string> out;
  for (const char* folder : {"/usr/lib/google-cloud-sdk/bin/kubectl.1.", "/usr/local/bin/kubectl.1."})
    for (int minor = 20; minor < 40; ++minor)
      if (const std::string path = folder + std::to_string(minor); ::access(path.c_str(), X_OK) == 0)
        out.push_back(path);
  return out;
}

std::string run(const std::string& command) {
  FILE* pipe =
      ::popen(("export KUBECONFIG=/dev/null HOME=/tmp; " + command + " 2>&1; echo \"exit $?\"").c_str(), "r");
  std::string out;
  std::array<char, 4096> chunk;
  size_t n = 0;
  while (pipe != nullptr && (n = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0)
    out.append(chunk.data(), n);
  if (pipe != nullptr) ::pclose(pipe);
  return out;
}

std::string with_server(const std::string& kubectl, const ApiStub& api) {
  return kubectl + " --cache-dir=/tmp/mizzen-kubectl-" + std::to_string(::getpid()) +
         " --server=http://127.0.0.1:" + std::to_string(api.server->port()) + " ";
}

TEST(KubectlInterop, ExecCarriesStdinStdoutStderrAndTheExitCode) {
  const auto all = installed();
  if (all.empty()) GTEST_SKIP() << "no kubectl of known version is installed";
  for (const std::string& kubectl : {all.front(), all.back()}) {
    ApiStub api;
    const std::string out =
        run("printf hello | timeout 20 " + with_server(kubectl, api) + "exec -i p -- cat");
    EXPECT_NE(out.find("hello"), std::string::npos) << kubectl << out;
    EXPECT_NE(out.find("oops"), std::string::npos) << kubectl << out;
    EXPECT_TRUE(out.ends_with("exit 3\n")) << kubectl << out;
    EXPECT_EQ(api.spdy, 1);
    const int minor = std::atoi(kubectl.substr(kubectl.rfind('.') + 1).c_str());
    EXPECT_EQ(api.websockets, minor >= 30 ? 1 : 0) << kubectl;
    const std::string big = run("head -c 3000000 /dev/zero | tr '\\0' x | timeout 20 " +
                                with_server(kubectl, api) + "exec -i p -- cat | tr -cd x | wc -c");
    EXPECT_TRUE(big.starts_with("3000000\n")) << kubectl << big;
  }
  run("rm -rf /tmp/mizzen-kubectl-" + std::to_string(::getpid()));
}

TEST(KubectlInterop, PortForwardCarriesBytes) {
  const auto all = installed();
  if (all.empty()) GTEST_SKIP() << "no kubectl of known version is installed";
  for (const std::string& kubectl : {all.front(), all.back()}) {
    ApiStub api;
    FILE* pipe = ::popen(("export KUBECONFIG=/dev/null HOME=/tmp; exec timeout 10 " +
                          with_server(kubectl, api) + "port-forward --address 127.0.0.1 p :80 2>&1")
                             .c_str(),
                         "r");
    ASSERT_NE(pipe, nullptr);
    std::array<char, 256> line{};
    ASSERT_NE(std::fgets(line.data(), line.size(), pipe), nullptr);
    int port = 0;
    ASSERT_EQ(std::sscanf(line.data(), "Forwarding from 127.0.0.1:%d", &port), 1) << line.data();
    for (int i = 0; i < 3; ++i) {
      testing::RawPeer peer(static_cast<uint16_t>(port));
      const std::string sent(100'000, static_cast<char>('a' + i));
      peer.send(sent);
      EXPECT_TRUE(peer.read_exactly(sent.size()) == sent) << kubectl;
    }
    const int minor = std::atoi(kubectl.substr(kubectl.rfind('.') + 1).c_str());
    EXPECT_EQ(api.websockets, minor >= 31 ? 1 : 0) << kubectl;
    // End the session from the server's side; kubectl then says so and ends.
    api.client->stop();
    api.server->stop(Deadline::after(std::chrono::milliseconds(10), real_clock()));
    ::pclose(pipe);
  }
  run("rm -rf /tmp/mizzen-kubectl-" + std::to_string(::getpid()));
}

}  // namespace
}  // namespace mizzen::http
