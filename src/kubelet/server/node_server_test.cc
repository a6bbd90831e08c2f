// The node's HTTPS server as callers meet it: real TLS, a runtime in memory.
#include "kubelet/server/node_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "http/client/client.h"
#include "kubelet/access/known_callers.h"
#include "kubelet/testing/fake_gauges.h"
#include "kubelet/testing/test_node.h"
#include "pki/authority.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

class NodeServerTest : public ::testing::Test {
 protected:
  NodeServerTest() {
    NodeServer::Options options;
    options.address = "127.0.0.1";
    identity_.pair = serving();
    server_ = std::make_unique<NodeServer>(
        NodeServer::Deps{loops_, node_.runtime, node_.workers(), node_.cache(), real_clock(), identity_,
                         auth_, &stats_, [this](std::string_view text) { return push(text); }},
        options);
    const auto started = server_->start();
    EXPECT_TRUE(started.ok()) << started.error().message();
  }
  ~NodeServerTest() override { server_->stop(); }
  pki::KeyPair serving() {
    return *authority_->issue({.common_name = "node", .ip_addresses = {"127.0.0.1"}, .server = true}, now_);
  }
  http::Client::Options client_options(const std::optional<pki::KeyPair>& identity) {
    http::Client::Options options;
    options.tls.ca_pem = authority_->certificate_pem();
    if (identity) {
      options.tls.certificate_pem = identity->certificate_pem;
      options.tls.key_pem = identity->key_pem;
    }
    return options;
  }
  http::Response get(const std::string& path, const std::optional<pki::KeyPair>& identity) {
    http::Client client(loops_, client_options(identity));
    return get(client, path);
  }
  http::Response get(http::Client& client, const std::string& path) {
    http::ClientRequest request;
    request.target = {.tls = true, .host = "127.0.0.1", .port = server_->port()};
    request.path = path;
    auto answer = client.request(request, {Deadline::after(seconds(10), real_clock()), {}});
    EXPECT_TRUE(answer.ok()) << answer.error().message();
    return answer.ok() ? *answer : http::Response{};
  }
  pki::KeyPair identity(const std::string& name, std::vector<std::string> organisations) {
    return *authority_->issue(
        {.common_name = name, .organisations = std::move(organisations), .client = true}, now_);
  }
  Result<void> push(std::string_view text) {
    if (text == "bad") return Error(Code::BadRequest, "no pod");
    pushed_.with([&](auto& p) { p = text; });
    return {};
  }
  int post(const std::string& path, const std::string& body, const std::optional<pki::KeyPair>& who) {
    http::Client client(loops_, client_options(who));
    http::ClientRequest request;
    request.method = "POST";
    request.target = {.tls = true, .host = "127.0.0.1", .port = server_->port()};
    request.path = path;
    request.body = {http::Slice(body)};
    auto answer = client.request(request, {Deadline::after(seconds(10), real_clock()), {}});
    return answer.ok() ? answer->status : 0;
  }
  /// A pod with one running container that has written a log.
  void run_pod() {
    node_.runtime.add_image("nginx:latest");
    node_.add(R"({"metadata":{"name":"web","namespace":"default","uid":"u1"},"spec":{"restartPolicy":"Always",
            "containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never"}]}})");
    EXPECT_TRUE(node_.reaches("web", "Running"));
  }

  Guarded<std::string> pushed_;
  testing::TestNode node_;
  testing::FakeGauges gauges_;
  ThreadPool pool_{real_clock(), {.name = "looks"}};
  Alarms alarms_{node_.clock, [] {}};
  DiskLooks looks_{{pool_, alarms_, node_.clock}};
  StatsManager stats_{
      {gauges_, node_.runtime, node_.cache(), looks_, node_.clock, [this] { return node_.workers().pods(); },
       [this](const std::string& uid) { return node_.volumes().pod_folder(uid); }},
      {"n1", "/data", "/logs", "/kubepods"}};
  const WallTime now_ = real_clock().wall();
  Result<pki::Authority> authority_ = pki::Authority::create("ca", now_);
  http::Loops loops_{{.clock = real_clock(), .random = secure_random()}};
  struct Identity final : NodeIdentity {
    pki::KeyPair serving() const override { return pair; }
    void follow(std::function<void(const pki::KeyPair&)> f) override { told = std::move(f); }
    pki::KeyPair pair;
    std::function<void(const pki::KeyPair&)> told;
  } identity_;
  KnownCallers auth_{{.client_ca_pem = authority_->certificate_pem()}};
  std::unique_ptr<NodeServer> server_;
};

TEST_F(NodeServerTest, SaysWhatIsUsed) {
  run_pod();
  gauges_.set([](auto& m) { m.use.memory_bytes = 1000; });
  const auto me = identity("admin", {"system:masters"});
  const auto summary = get("/stats/summary", me);
  EXPECT_EQ(summary.status, 200);
  EXPECT_EQ(summary.headers.get("Content-Type"), "application/json");
  EXPECT_THAT(summary.body, HasSubstr(R"({"node":{"nodeName":"n1",)"));
  EXPECT_THAT(summary.body, HasSubstr(R"("podRef":{"name":"web","namespace":"default")"));
  EXPECT_THAT(summary.body, HasSubstr("ephemeral-storage"));
  EXPECT_THAT(get("/stats/summary?only_cpu_and_memory=true", me).body, Not(HasSubstr("ephemeral-storage")));
  EXPECT_THAT(get("/metrics/resource", me).body, HasSubstr("\nnode_memory_working_set_bytes 1000 "));
  EXPECT_EQ(get("/stats/summary", std::nullopt).status, 401);
  EXPECT_EQ(get("/stats", me).status, 404);
}

TEST_F(NodeServerTest, IsClosedToStrangers) {
  EXPECT_EQ(get("/pods", std::nullopt).status, 401);
  const auto other = pki::Authority::create("ca", now_);
  const auto forged =
      other->issue({.common_name = "x", .organisations = {"system:masters"}, .client = true}, now_);
  EXPECT_EQ(get("/pods", *forged).status, 401) << "another authority's certificate is none";
  const auto node = get("/pods", identity("system:node:other", {"system:nodes"}));
  EXPECT_EQ(node.status, 403);
  EXPECT_THAT(node.body, HasSubstr("Forbidden (user=system:node:other, verb=get, resource=nodes, "
                                   "subresource(s)=[pods proxy])"));
  EXPECT_EQ(get("/healthz", identity("admin", {"system:masters"})).body, "ok");
  EXPECT_EQ(get("/healthz", identity("kube-apiserver-kubelet-client", {})).status, 200);
}

TEST_F(NodeServerTest, ServesPodsAndLogsAndSaysWhatIsMissing) {
  run_pod();
  const auto admin = identity("admin", {"system:masters"});
  EXPECT_THAT(get("/pods", admin).body, HasSubstr("\"phase\":\"Running\""));
  EXPECT_EQ(get("/containerLogs/default/none/a", admin).body, "pod \"none\" does not exist\n");
  EXPECT_EQ(get("/containerLogs/default/web/b", admin).body, "container \"b\" not found in pod \"web\"\n");
  EXPECT_EQ(get("/containerLogs/default/web/a?previous=true", admin).status, 400);
  EXPECT_EQ(get("/containerLogs/default/web/a?tailLines=x", admin).status, 422);
  EXPECT_EQ(get("/nothing", admin).status, 404);
  EXPECT_EQ(get("/../etc/passwd", admin).status, 400);
}

TEST_F(NodeServerTest, ARenewedCertificateIsShownToNewConnectionsAndOthersLiveOn) {
  const auto admin = identity("admin", {"system:masters"});
  http::Client there_before(loops_, client_options(admin));
  EXPECT_EQ(get(there_before, "/healthz").status, 200);
  // One that no client believes: who is there already does not notice.
  const auto other = pki::Authority::create("other", now_);
  identity_.told(*other->issue({.common_name = "node", .ip_addresses = {"127.0.0.1"}, .server = true}, now_));
  http::Client newcomer(loops_, client_options(admin));
  http::ClientRequest request;
  request.target = {.tls = true, .host = "127.0.0.1", .port = server_->port()};
  EXPECT_FALSE(newcomer.request(request, {Deadline::after(seconds(10), real_clock()), {}}).ok());
  EXPECT_EQ(get(there_before, "/healthz").status, 200);
  EXPECT_EQ(there_before.connections(), 1u);
  identity_.told(serving());
  EXPECT_EQ(get(newcomer, "/healthz").status, 200);
}

TEST_F(NodeServerTest, RunsACommandToItsEnd) {
  run_pod();
  node_.runtime.on_exec([](const cri::v1::ExecSyncRequest& request) {
    cri::v1::ExecSyncResponse out;
    out.stdout = request.cmd.at(0) + "!";
    return Result<cri::v1::ExecSyncResponse>(out);
  });
  const auto admin = identity("admin", {"system:masters"});
  EXPECT_EQ(get("/run/default/web/a?cmd=date", admin).body, "date!");
  EXPECT_EQ(get("/run/default/none/a?cmd=date", admin).status, 404);
}

// S2.5
TEST_F(NodeServerTest, WhoMayPushesManifests) {
  const auto admin = identity("admin", {"system:masters"});
  EXPECT_EQ(post("/containers", "x", std::nullopt), 401);
  EXPECT_EQ(post("/containers", "x", identity("else", {"others"})), 403);
  EXPECT_EQ(pushed_.with([](auto& p) { return p; }), "");
  EXPECT_EQ(post("/containers", "x", admin), 200);
  EXPECT_EQ(pushed_.with([](auto& p) { return p; }), "x");
  EXPECT_EQ(post("/container", "y", admin), 200);
  EXPECT_EQ(post("/containers", "bad", admin), 400);
  EXPECT_EQ(post("/containers", std::string(4u << 20, 'x'), admin), 413);
  EXPECT_EQ(get("/containers", admin).status, 405);
}

}  // namespace
}  // namespace mizzen::kubelet
