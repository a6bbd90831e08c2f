#include "kubelet/config/cri_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kubelet/state/runtime_state.h"
#include "kubelet/testing/pod_of.h"

namespace mizzen::kubelet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::pod_of;

TEST(CriConfig, CarriesWhatTheRuntimeMustKnow) {
  auto pod = pod_of(
      R"json({"metadata":{"name":"web","labels":{"app":"x"}},"spec":{"hostname":"other","containers":[{"name":"a","image":"i",
    "command":["run","$(X)"],"ports":[{"containerPort":80,"hostPort":8080,"protocol":"TCP"}],
    "securityContext":{"runAsUser":1000,"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}]}})json");
  const auto sandbox = sandbox_config({pod, 2, {}, "/logs/x", "/kubepods/besteffort/podu1"});
  EXPECT_EQ(sandbox.hostname, "other");
  EXPECT_EQ(sandbox.metadata->attempt, 2u);
  EXPECT_EQ(sandbox.labels.get(cri::kPodUidLabel), "u1");
  EXPECT_EQ(sandbox.port_mappings.at(0).host_port, 8080);
  EXPECT_EQ(sandbox.linux->security_context->namespace_options->pid, cri::v1::NamespaceMode::CONTAINER)
      << "0 would mean: of the pod";
  const std::vector<Variable> environment{{"X", "y"}};
  const cri::v1::Image image;
  const std::vector<ReadyMount> mounts;
  ContainerConfigInput input{pod, pod.spec.containers[0], 3, "sha256:1", image, environment, mounts, 0, ""};
  auto config = container_config(input);
  ASSERT_TRUE(config.ok());
  EXPECT_THAT(config->command, ElementsAre("run", "y"));
  EXPECT_EQ(config->log_path, "a/3.log");
  EXPECT_EQ(config->annotations.get(kRestartCountAnnotation), "3");
  EXPECT_TRUE(config->linux->security_context->no_new_privs);
  EXPECT_EQ(config->linux->security_context->run_as_user->value, 1000);
  pod.spec.containers[0].securityContext->runAsUser.reset();
  pod.spec.containers[0].securityContext->runAsNonRoot = true;
  EXPECT_THAT(container_config(input).error().message(),
              HasSubstr("container has runAsNonRoot and image will run as root"));
  pod.spec.hostNetwork = true;
  EXPECT_EQ(sandbox_config({pod, 0, {}, "", ""}).hostname, "")
      << "runc refuses a host name on the node's network";
}

}  // namespace
}  // namespace mizzen::kubelet
