#include "kubelet/probes/grpc_probe.h"

#include <gtest/gtest.h>

#include "codec/proto/proto_codec.h"
#include "kubelet/schema/health/v1/health.h"
#include "rpc/channel.h"
#include "rpc/testing/server.h"

namespace mizzen::kubelet {
namespace {

using Outcome = HandlerResult::Outcome;

HandlerResult ask(const std::string& address, const std::string& service, int seconds) {
  ThreadPool pool(real_clock(), {.name = "probe"});
  HandlerResult out;
  Mutex m;
  CondVar told;
  bool done = false;
  grpc_probe({address, service, std::chrono::seconds(seconds)}, real_clock(), pool,
             [&](HandlerResult result) {
               Lock lock(m);
               out = std::move(result);
               done = true;
               told.notify_all();
             });
  Lock lock(m);
  while (!done) told.wait(m);
  return out;
}

TEST(GrpcProbe, OnlyServingIsHealthy) {
  rpc::Server server;
  server.on("/grpc.health.v1.Health/Check", [](const std::string& bytes) -> Result<std::string> {
    const auto request = codec::from_proto<health::v1::HealthCheckRequest>(bytes);
    if (request->service == "none") return rpc::make_error(rpc::Status::NotFound, "unknown service");
    health::v1::HealthCheckResponse answer;
    answer.status = request->service == "ill" ? 2 : 1;
    return codec::to_proto(answer);
  });
  const auto address = server.start("127.0.0.1:0");
  ASSERT_TRUE(address.ok()) << address.error().message();
  EXPECT_EQ(ask(*address, "", 5).outcome, Outcome::Success);
  EXPECT_EQ(ask(*address, "ill", 5).outcome, Outcome::Failure);
  EXPECT_EQ(ask(*address, "ill", 5).output, "service unhealthy (responded with \"NOT_SERVING\")");
  EXPECT_EQ(ask(*address, "none", 5).output,
            "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service");
}

TEST(GrpcProbe, WhoDoesNotAnswerFails) {
  rpc::Server server;
  server.on("/t.T/Echo", [](const std::string& request) -> Result<std::string> { return request; });
  const auto address = server.start("127.0.0.1:0");
  ASSERT_TRUE(address.ok());
  EXPECT_TRUE(ask(*address, "", 5)
                  .output.starts_with("error: this server does not implement the grpc health protocol"));
  const auto refused = ask("127.0.0.1:1", "", 1);
  EXPECT_EQ(refused.outcome, Outcome::Failure);
  EXPECT_TRUE(refused.output.starts_with("timeout: ")) << refused.output;
}

}  // namespace
}  // namespace mizzen::kubelet
