#include "kubelet/probes/grpc_probe.h"

#include <gtest/gtest.h>

#include "codec/proto/proto_codec.h"
#include "kubelet/schema/health/v1/health.h"
#include "rpc/channel.h"
#include "rpc/testing/server.h"

namespace mizzen::kubelet {
namespace {

using Outcome = HandlerResult::Outcome;

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
  const auto ask = [&](const std::string& service) {
    return grpc_probe(*address, service, std::chrono::seconds(5), real_clock());
  };
  EXPECT_EQ(ask("").outcome, Outcome::Success);
  EXPECT_EQ(ask("ill").outcome, Outcome::Failure);
  EXPECT_EQ(ask("ill").output, "service unhealthy (responded with \"NOT_SERVING\")");
  EXPECT_EQ(ask("none").output,
            "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service");
}

TEST(GrpcProbe, WhoDoesNotAnswerFails) {
  rpc::Server server;
  server.on("/t.T/Echo", [](const std::string& request) -> Result<std::string> { return request; });
  const auto address = server.start("127.0.0.1:0");
  ASSERT_TRUE(address.ok());
  EXPECT_TRUE(grpc_probe(*address, "", std::chrono::seconds(5), real_clock())
                  .output.starts_with("error: this server does not implement the grpc health protocol"));
  const auto refused = grpc_probe("127.0.0.1:1", "", std::chrono::seconds(1), real_clock());
  EXPECT_EQ(refused.outcome, Outcome::Failure);
  EXPECT_TRUE(refused.output.starts_with("timeout: ")) << refused.output;
}

}  // namespace
}  // namespace mizzen::kubelet
