#include "placement/host_ports.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "codec/json/json_codec.h"

namespace mizzen::placement {
namespace {

api::core::v1::Pod pod(const std::string& spec) {
  return *codec::from_json<api::core::v1::Pod>(fmt::format(R"({{"spec":{}}})", spec));
}

TEST(HostPorts, ConflictOnOneAddressAndProtocol) {
  const auto ports = [](const std::string& p) {
    return host_ports_of(pod(R"({"containers":[{"name":"a","ports":[)" + p + "]}]}"));
  };
  const auto taken =
      ports(R"({"hostPort":80,"containerPort":1},{"hostPort":81,"containerPort":2,"hostIP":"10.0.0.1"})");
  EXPECT_TRUE(conflict(ports(R"({"hostPort":80,"containerPort":1,"hostIP":"10.0.0.2"})"), taken));
  EXPECT_FALSE(conflict(ports(R"({"hostPort":80,"containerPort":1,"protocol":"UDP"})"), taken));
  EXPECT_FALSE(conflict(ports(R"({"hostPort":81,"containerPort":1,"hostIP":"10.0.0.2"})"), taken));
  EXPECT_TRUE(conflict(ports(R"({"hostPort":81,"containerPort":1})"), taken));
  EXPECT_FALSE(conflict(ports(R"({"containerPort":80})"), taken));
}

}  // namespace
}  // namespace mizzen::placement
