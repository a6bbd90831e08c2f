#include "network/plugin/plugin_call.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/json/tree.h"
#include "linux/testing/scratch.h"

namespace mizzen::network {
namespace {

using codec::Value;
using ::testing::HasSubstr;

std::string code_of(const CniAnswer& a) {
  const auto v = Value::parse(a.output);
  return v.ok() && v->is_object() && v->find("code") ? v->find("code")->text() : "none";
}

TEST(PluginCall, NeedsNobodyForItsVersionAndToSeeThatTheConfigurationIsWrong) {
  EXPECT_THAT(plugin_call({.command = "VERSION"}).output, HasSubstr("\"1.1.0\""));
  EXPECT_EQ(code_of(plugin_call({.command = "ADD", .config = "not json"})), "6");
  EXPECT_EQ(code_of(plugin_call({.command = "ADD", .config = "[]"})), "6");
  EXPECT_EQ(code_of(plugin_call({.command = "ADD", .config = R"({"cniVersion":"9.0"})"})), "1");
  EXPECT_EQ(code_of(plugin_call({.command = "ADD", .config = R"({"cniVersion":"0.4.0"})"})), "7");
  EXPECT_EQ(code_of(plugin_call({.command = "ADD", .config = R"({"cniVersion":"0.4.0","socket":7})"})), "7");
}

TEST(PluginCall, WhereNobodyAnswersItIsToBeTriedAgain) {
  linux::ScratchFolder scratch;
  const auto call = [&](const std::string& command, const std::string& space) {
    return plugin_call({command, "c1", space, "eth0", "",
                        fmt::format(R"({{"cniVersion":"1.1.0","socket":"{}"}})", scratch.at("cni.sock"))});
  };
  for (const char* command : {"ADD", "CHECK", "GC"}) {
    const auto answer = call(command, "/proc/self/ns/net");
    EXPECT_EQ(answer.exit_code, 1);
    EXPECT_EQ(code_of(answer), "11") << command;
    EXPECT_THAT(answer.output, HasSubstr("does not answer")) << command;
    EXPECT_THAT(answer.output, HasSubstr(scratch.at("cni.sock"))) << command;
  }
  EXPECT_EQ(code_of(call("STATUS", "")), "50");
  // A pod that still has its namespace has its interface and its ports.
  EXPECT_EQ(code_of(call("DEL", "/proc/self/ns/net")), "11");
  ASSERT_TRUE(write_file(scratch.at("file"), "").ok());
  for (const auto& gone : {std::string(), scratch.at("absent"), scratch.at("file")})
    EXPECT_EQ(call("DEL", gone).exit_code, 0) << gone;
}

TEST(PluginCall, APathThatIsTooLongIsNoCrash) {
  const auto answer =
      plugin_call({"ADD", "c", "/n", "eth0", "",
                   fmt::format(R"({{"cniVersion":"1.0.0","socket":"/{}"}})", std::string(200, 'x'))});
  EXPECT_EQ(code_of(answer), "11");
  EXPECT_THAT(answer.output, HasSubstr("too long"));
}

TEST(PluginCall, LoopbackHasNothingToUndo) {
  EXPECT_EQ(loopback_call({.command = "DEL", .config = R"({"cniVersion":"0.3.1"})"}).exit_code, 0);
  EXPECT_EQ(code_of(loopback_call({.command = "ADD", .config = R"({"cniVersion":"0.3.1"})"})), "4");
  EXPECT_EQ(code_of(loopback_call(
                {.command = "ADD", .network_namespace = "/absent", .config = R"({"cniVersion":"0.3.1"})"})),
            "100");
}

}  // namespace
}  // namespace mizzen::network
