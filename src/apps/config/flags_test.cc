#include "apps/config/flags.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace mizzen::apps {
namespace {

TEST(Flags, FoldersStandFromTheRoot) {
  NodeOptions node;
  CLI::App app;
  add_node_flags(app, node);
  app.parse("--root-dir ../pods/./x --pod-manifest-path /etc/kubelet.d");
  EXPECT_EQ(node.root_dir, (std::filesystem::current_path().parent_path() / "pods/x").string());
  EXPECT_EQ(node.pod_manifest_path, "/etc/kubelet.d");
  EXPECT_TRUE(node.early_probes);
}

}  // namespace
}  // namespace mizzen::apps
