#include "network/cni/cni.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "codec/json/tree.h"
#include "linux/files/file.h"
#include "linux/testing/scratch.h"

namespace mizzen::network {
namespace {

using codec::Value;
using linux::ScratchFolder;
using ::testing::HasSubstr;

TEST(Cni, AnswersProtocolErrorsWithTheirCodes) {
  const auto code_of = [](const CniAnswer& a) { return Value::parse(a.output)->find("code")->text(); };
  EXPECT_THAT(cni_call({.command = "VERSION"}, "", false).output, HasSubstr("\"1.0.0\""));
  EXPECT_EQ(code_of(cni_call({.command = "ADD"}, "not json", false)), "6");
  EXPECT_EQ(code_of(cni_call({.command = "ADD"}, R"({"cniVersion":"9.0"})", false)), "1");
  EXPECT_EQ(code_of(cni_call({.command = "GC"}, R"({"cniVersion":"0.4.0"})", false)), "4");
  EXPECT_EQ(code_of(cni_call({.command = "ADD", .container_id = "c"}, R"({"cniVersion":"0.4.0"})", false)),
            "4");
  for (const char* table : {"x; flush ruleset", "", "1x", "a{b"}) {
    const bool refused = *table != '\0';  // an empty one is the default
    const auto config = fmt::format(R"({{"cniVersion":"0.4.0","table":"{}","dataFolder":"/x"}})", table);
    EXPECT_EQ(PodNetwork::create(parse_cni_config(config).options).ok(), !refused) << table;
  }
  const auto bad = cni_call({"ADD", "c", "/x", "eth0"},
                            R"({"cniVersion":"0.4.0","podRange":"nonsense","dataFolder":"/x"})", false);
  EXPECT_EQ(code_of(bad), "7");
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_TRUE(is_cni_name("/x/mizzen-cni") && is_cni_name("loopback") && !is_cni_name("/usr/bin/mizzen"));
}

TEST(Cni, InstalledFilesNameThePlugIn) {
  ScratchFolder scratch;
  ASSERT_TRUE(install_cni({.data_folder = "/d"}, "/bin/true", scratch.at("conf"), scratch.at("bin")).ok());
  ASSERT_TRUE(install_cni({.data_folder = "/d"}, "/bin/true", scratch.at("conf"), scratch.at("bin")).ok());
  const auto list = Value::parse(*read_file(scratch.at("conf/10-mizzen.conflist")));
  EXPECT_EQ(list->find("plugins")->items()[0].find("type")->text(), "mizzen-cni");
  EXPECT_EQ(::access(scratch.at("bin/loopback").c_str(), X_OK), 0);
}

TEST(Cni, WhatTheRuntimeRememberedGoes) {
  ScratchFolder scratch;
  const std::string folder = scratch.at("cni/results");
  ASSERT_TRUE(make_folders(folder).ok());
  for (const char* name : {"net1-abc-eth0", "cni-loopback-abc-lo", "net1-x-def-eth0", "cni-loopback-def-lo"})
    ASSERT_TRUE(write_file(folder + "/" + name, "{}").ok());
  ASSERT_TRUE(remove_cni_results({.table = "net1"}, folder).ok());
  EXPECT_EQ(linux::list_folder(folder)->size(), 2u) << "those of others stay";
  ASSERT_TRUE(remove_cni_results({.table = "net1-x"}, folder).ok());
  EXPECT_FALSE(path_exists(scratch.at("cni")));
  EXPECT_TRUE(remove_cni_results({.table = "net1"}, folder).ok());
}

}  // namespace
}  // namespace mizzen::network
