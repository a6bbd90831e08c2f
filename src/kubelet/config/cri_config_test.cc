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

TEST(CriConfig, AsksTheRuntimeForAllThatIsolates) {
  const auto pod = pod_of(
      R"json({"metadata":{"name":"web"},"spec":{"hostname":"h","subdomain":"s","setHostnameAsFQDN":true,
    "securityContext":{"supplementalGroupsPolicy":"Strict","appArmorProfile":{"type":"Localhost","localhostProfile":"mine"},
      "sysctls":[{"name":"net/ipv4/tcp_syncookies","value":"1"}]},
    "containers":[{"name":"a","image":"i","resources":{"limits":{"hugepages-2Mi":"4Mi"}}},
      {"name":"b","image":"i","securityContext":{"appArmorProfile":{"type":"Unconfined"}}}]}})json");
  const auto sandbox = sandbox_config({pod, 0, {}, "", "", "cluster.local"});
  EXPECT_EQ(sandbox.hostname, "h.s.default.svc.cluster.local");
  EXPECT_EQ(sandbox.linux->sysctls.get("net.ipv4.tcp_syncookies"), "1");
  EXPECT_EQ(sandbox.linux->security_context->supplemental_groups_policy,
            cri::v1::SupplementalGroupsPolicy::Strict);
  const cri::v1::Image image;
  const std::vector<Variable> environment;
  const std::vector<ReadyMount> mounts{{"/on/node", "/in", true, "None", true}};
  const auto of = [&](size_t i) {
    return container_config({.pod = pod,
                             .container = pod.spec.containers[i],
                             .restart_count = 0,
                             .image_ref = "",
                             .image = image,
                             .environment = environment,
                             .mounts = mounts,
                             .node_memory_bytes = 0,
                             .seccomp_folder = "",
                             .huge_pages = {2 << 20, 1 << 30}});
  };
  const auto a = of(0), b = of(1);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_TRUE(a->mounts.at(0).recursive_read_only);
  const auto& confined = *a->linux->security_context;
  EXPECT_EQ(confined.supplemental_groups_policy, cri::v1::SupplementalGroupsPolicy::Strict);
  EXPECT_EQ(confined.apparmor->profile_type, cri::v1::SecurityProfileType::Localhost);
  EXPECT_EQ(confined.apparmor->localhost_ref, "mine");
  EXPECT_EQ(confined.apparmor_profile, "localhost/mine") << "for runtimes before the field";
  EXPECT_EQ(b->linux->security_context->apparmor_profile, "unconfined");
  std::vector<std::string> pages;
  for (const auto& limit : a->linux->resources->hugepage_limits)
    pages.push_back(limit.page_size + "=" + std::to_string(limit.limit));
  EXPECT_THAT(pages, ElementsAre("2MB=4194304", "1GB=0"));
}

}  // namespace
}  // namespace mizzen::kubelet
