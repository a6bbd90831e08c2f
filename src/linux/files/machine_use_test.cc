#include "linux/files/machine_use.h"

#include <gtest/gtest.h>

namespace mizzen::linux {
namespace {

TEST(MachineUse, IsReadOfThisMachine) {
  const auto use = machine_use();
  EXPECT_GT(use.memory_bytes, 100u << 20);
  EXPECT_GT(use.memory_free_bytes, 0u);
  EXPECT_LT(use.memory_free_bytes + use.file_cache_bytes, use.memory_bytes);
  EXPECT_GT(use.cpu_ns, 0u);
  EXPECT_GT(use.threads, 0);
  EXPECT_GT(use.booted, WallTime());
}

TEST(MachineUse, InterfacesAreTheColumnsOfTheKernel) {
  const auto all = parse_interface_use(
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop\n"
      "    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
      "  eth0:1000 20 3 0 0 0 0 0 2000 30 4 0 0 0 0 0\n"
      "broken: 1 2\n");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "eth0");
  EXPECT_EQ(all[0].received_bytes, 1000u);
  EXPECT_EQ(all[0].received_errors, 3u);
  EXPECT_EQ(all[0].sent_bytes, 2000u);
  EXPECT_EQ(all[0].sent_errors, 4u);
  EXPECT_TRUE(interface_use(999'999'999).empty());
}

}  // namespace
}  // namespace mizzen::linux
