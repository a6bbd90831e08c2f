#include "network/cni/cni_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/json/tree.h"
#include "linux/files/file.h"
#include "linux/process/process.h"
#include "linux/testing/scratch.h"

namespace mizzen::network {
namespace {

using codec::Value;
using linux::ScratchFolder;

TEST(CniFiles, InstalledPlugInRunsAndIsLeftAloneWhereItIsTheSame) {
  ScratchFolder scratch;
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(install_cni({.data_folder = "/d"}, scratch.at("conf"), scratch.at("bin")).ok());
  const auto list = Value::parse(*read_file(scratch.at("conf/10-mizzen.conflist")));
  const auto& plugin = list->find("plugins")->items()[0];
  EXPECT_EQ(plugin.find("type")->text(), "mizzen-cni");
  EXPECT_EQ(plugin.find("socket")->text(), "/d/cni.sock");
  for (const char* name : {"bin/mizzen-cni", "bin/loopback"}) {
    const auto ran = linux::run({.argv = {scratch.at(name)},
                                 .extra_environment = {"CNI_COMMAND=VERSION"},
                                 .deadline = Deadline::after(std::chrono::seconds(10), real_clock())});
    ASSERT_TRUE(ran.ok()) << ran.error().message();
    EXPECT_EQ(ran->exit_code, 0);
    EXPECT_NE(ran->output.find("\"1.0.0\""), std::string::npos) << ran->output;
  }
  // Another version's.
  ASSERT_TRUE(write_file(scratch.at("bin/mizzen-cni"), "old", 0755).ok());
  ASSERT_TRUE(install_cni({.data_folder = "/d"}, scratch.at("conf"), scratch.at("bin")).ok());
  EXPECT_GT(read_file(scratch.at("bin/mizzen-cni"))->size(), 100'000u);
}

TEST(CniFiles, WhatTheRuntimeRememberedGoes) {
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
