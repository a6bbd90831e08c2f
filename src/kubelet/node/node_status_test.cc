#include "kubelet/node/node_status.h"

#include <gtest/gtest.h>

#include "kubelet/decide/backoff.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::seconds;

TEST(NodeStatus, ReportsReadyAndWhyNot) {
  NodeFacts facts;
  facts.name = facts.hostname = "n1";
  facts.machine.memory_bytes = 8ull << 30;
  facts.machine.cpus = 2;
  facts.machine.huge_pages = {{2 << 20, 512 << 20}, {1 << 30, 0}};
  facts.machine.architecture = "amd64";
  facts.memory_kept_bytes = 100ull << 20;
  facts.disk_bytes = 100ull << 30;
  facts.disk_kept_bytes = 10ull << 30;
  facts.addresses = {"192.0.2.1"};
  Node node;
  fill_node_metadata(node, facts);
  fill_node_status(node, facts, WallTime(seconds(10)));
  EXPECT_EQ(node.metadata.labels.get("kubernetes.io/hostname"), "n1");
  EXPECT_EQ(node.status.conditions.back().type, "Ready");
  EXPECT_EQ(node.status.conditions.back().status, "True");
  EXPECT_EQ(node.status.capacity.get("pods").text(), "110");
  EXPECT_EQ(node.status.capacity.get("hugepages-2Mi").text(), "512Mi");
  EXPECT_EQ(node.status.allocatable.get("hugepages-1Gi").text(), "0");
  EXPECT_EQ(node.status.capacity.get("memory").text(), "8Gi");
  EXPECT_EQ(node.status.allocatable.get("memory").text(), "7580Mi")
      << "less what eviction keeps and huge pages hold";
  EXPECT_EQ(node.status.allocatable.get("ephemeral-storage").value(), 90ll << 30);
  Node later = node;
  fill_node_status(later, facts, WallTime(seconds(20)));
  EXPECT_FALSE(node_status_changed(node, later)) << "a heartbeat alone is no change";
  facts.network_problem = "NetworkReady=false reason:x message:y";
  fill_node_status(later, facts, WallTime(seconds(30)));
  EXPECT_TRUE(node_status_changed(node, later));
  EXPECT_EQ(later.status.conditions.back().message,
            "container runtime network not ready: NetworkReady=false reason:x message:y");
  facts.pressures = {.memory = true, .disk = false, .pids = true};
  fill_node_status(later, facts, WallTime(seconds(40)));
  std::vector<std::string> told;
  for (const auto& c : later.status.conditions)
    if (c.type != "Ready") told.push_back(c.type + " " + c.status + " " + c.reason + ": " + c.message);
  EXPECT_EQ(told,
            (std::vector<std::string>{
                "MemoryPressure True KubeletHasInsufficientMemory: kubelet has insufficient memory available",
                "DiskPressure False KubeletHasNoDiskPressure: kubelet has no disk pressure",
                "PIDPressure True KubeletHasInsufficientPID: kubelet has insufficient PID available"}));
}

}  // namespace
}  // namespace mizzen::kubelet
