// The node's HTTPS server as callers meet it: real TLS, a runtime in memory.
#include "kubelet/server/node_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "client/testing/fake_api.h"
#include "codec/json/json_codec.h"
#include "cri/testing/fake_runtime.h"
#include "http/client/client.h"
#include "kubelet/config/api_sources.h"
#include "linux/testing/scratch.h"
#include "pki/authority.h"

namespace mizzen::kubelet {
namespace {

using client::testing::FakeApi;
using std::chrono::seconds;
using ::testing::HasSubstr;

class Silent final : public Events {
 public:
  void pod_event(const Pod&, const std::string&, bool, std::string_view, const std::string&) override {}
  void node_event(bool, std::string_view, const std::string&) override {}
};

class NoHttp final : public HttpGetter {
 public:
  Result<Answer> get(const std::string&, const std::vector<std::pair<std::string, std::string>>&,
                     Deadline) override {
    return Error(Code::ServiceUnavailable, "no network here");
  }
};

class NodeServerTest : public ::testing::Test {
 protected:
  NodeServerTest() {
    PodRunner::Options run;
    run.logs_folder = scratch_.at("logs");
    runner_ = std::make_unique<PodRunner>(
        PodRunner::Deps{runtime_, puller_, events_, handlers_, volumes_, objects_, nullptr, pool_,
                        real_clock(), secure_random(),
                        [](const std::string&) { return Result<Services>(Services()); },
                        [] { return volumes::Allocatable(); }},
        run);
    workers_ =
        std::make_unique<PodWorkers>(PodWorkers::Deps{runtime_, *runner_, probes_, statuses_, events_, pool_,
                                                      real_clock(), secure_random(), nullptr, nullptr},
                                     PodWorkers::Options{});
    NodeServer::Options options;
    options.address = "127.0.0.1";
    options.serving =
        *authority_->issue({.common_name = "node", .ip_addresses = {"127.0.0.1"}, .server = true}, now_);
    options.client_ca_pem = authority_->certificate_pem();
    options.client_organisations = {"system:masters"};
    options.client_names = {"kube-apiserver-kubelet-client"};
    server_ =
        std::make_unique<NodeServer>(NodeServer::Deps{loops_, runtime_, *workers_, real_clock()}, options);
    const auto started = server_->start();
    EXPECT_TRUE(started.ok()) << started.error().message();
  }
  ~NodeServerTest() override {
    server_->stop();
    workers_->stop();
    pool_.stop();
  }
  http::Response get(const std::string& path, const std::optional<pki::KeyPair>& identity) {
    http::Client::Options options;
    options.tls.ca_pem = authority_->certificate_pem();
    if (identity) {
      options.tls.certificate_pem = identity->certificate_pem;
      options.tls.key_pem = identity->key_pem;
    }
    http::Client client(loops_, options);
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
  /// A pod with one running container that has written a log.
  void run_pod() {
    runtime_.add_image("nginx:latest");
    auto pod = codec::from_json<Pod>(
        R"({"metadata":{"name":"web","namespace":"default","uid":"u1"},"spec":{"restartPolicy":"Always",
            "containers":[{"name":"a","image":"nginx","imagePullPolicy":"Never"}]}})");
    workers_->upsert(std::make_shared<const Pod>(*pod));
    for (int i = 0; i < 400; ++i, ::usleep(5000)) {
      const auto found = workers_->find("default", "web");
      if (found && found->status.phase == "Running") return;
    }
    ADD_FAILURE() << "the pod does not come up";
  }

  linux::ScratchFolder scratch_;
  const WallTime now_ = real_clock().wall();
  Result<pki::Authority> authority_ = pki::Authority::create("ca", now_);
  http::Loops loops_{{.clock = real_clock(), .random = secure_random()}};
  ThreadPool runtime_pool_{real_clock(), {.name = "runtime"}};
  cri::FakeRuntime runtime_{real_clock(), runtime_pool_};
  FakeApi api_;
  Silent events_;
  NoHttp http_;
  HandlerRunner handlers_{runtime_, http_, real_clock()};
  ThreadPool pool_{real_clock(), {.name = "test", .threads_max = 8}};
  ImagePuller puller_{{runtime_, events_, real_clock()}};
  volumes::Volumes volumes_{scratch_.at("pods"), real_clock(), secure_random()};
  ApiObjects objects_{api_};
  ProbeManager probes_{{handlers_, events_, pool_, real_clock(), nullptr}};
  StatusManager statuses_{{api_, pool_, real_clock()}};
  std::unique_ptr<PodRunner> runner_;
  std::unique_ptr<PodWorkers> workers_;
  std::unique_ptr<NodeServer> server_;
};

TEST_F(NodeServerTest, IsClosedToStrangers) {
  EXPECT_EQ(get("/pods", std::nullopt).status, 401);
  const auto other = pki::Authority::create("ca", now_);
  const auto forged =
      other->issue({.common_name = "x", .organisations = {"system:masters"}, .client = true}, now_);
  EXPECT_EQ(get("/pods", *forged).status, 401) << "another authority's certificate is none";
  const auto node = get("/pods", identity("system:node:other", {"system:nodes"}));
  EXPECT_EQ(node.status, 403);
  EXPECT_THAT(node.body, HasSubstr("Forbidden (user=system:node:other, verb=get, resource=nodes"));
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

TEST_F(NodeServerTest, RunsACommandToItsEnd) {
  run_pod();
  runtime_.on_exec([](const cri::v1::ExecSyncRequest& request) {
    cri::v1::ExecSyncResponse out;
    out.stdout = request.cmd.at(0) + "!";
    return Result<cri::v1::ExecSyncResponse>(out);
  });
  const auto admin = identity("admin", {"system:masters"});
  EXPECT_EQ(get("/run/default/web/a?cmd=date", admin).body, "date!");
  EXPECT_EQ(get("/run/default/none/a?cmd=date", admin).status, 404);
}

}  // namespace
}  // namespace mizzen::kubelet
