#include "kubelet/decide/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "kubelet/testing/pod_of.h"

namespace mizzen::kubelet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::pod_of;

const NodeAbilities kPlain{.kernel_version = "6.1.0-18-amd64"};
const NodeAbilities kAble{.groups_policy = true,
                          .recursive_read_only = true,
                          .user_namespaces = true,
                          .app_armor = true,
                          .kernel_version = "6.1.0-18-amd64"};

Pod pod_with(const std::string& spec, const std::string& metadata = "") {
  return pod_of(R"({"metadata":{"name":"p")" + metadata +
                R"(},"spec":{"containers":[{"name":"a","image":"i"}])" + (spec.empty() ? "" : "," + spec) +
                "}}");
}

std::string text_of(const std::optional<Refusal>& refused) {
  return refused ? refused->reason + ": " + refused->message : "";
}

TEST(Admission, RefusesWhatTheNodeCannotDoInUpstreamsWords) {
  const std::string no_armor = "AppArmor: Cannot enforce AppArmor: AppArmor is not enabled on the host";
  for (
      const auto& [spec, plain, able] : std::vector<std::tuple<std::string, std::string, std::string>>{
          {"", "", ""},
          {R"("os":{"name":"linux"})", "", ""},
          {R"("os":{"name":"windows"})",
           "PodOSNotSupported: Failed to admit pod as the OS field doesn't match node OS",
           "PodOSNotSupported: Failed to admit pod as the OS field doesn't match node OS"},
          {R"("securityContext":{"supplementalGroupsPolicy":"Merge"})", "", ""},
          {R"("securityContext":{"supplementalGroupsPolicy":"Strict"})",
           "SupplementalGroupsPolicyNotSupported: SupplementalGroupsPolicy=Strict is not supported in this "
           "node",
           ""},
          {R"("securityContext":{"appArmorProfile":{"type":"RuntimeDefault"}})", no_armor, ""},
          {R"("securityContext":{"appArmorProfile":{"type":"Unconfined"}})", "", ""},
          {R"("initContainers":[{"name":"i","image":"i","securityContext":{"appArmorProfile":{"type":"Localhost",
               "localhostProfile":"mine"}}}])",
           no_armor, ""}}) {
    EXPECT_EQ(text_of(refusal_of(pod_with(spec), kPlain)), plain) << spec;
    EXPECT_EQ(text_of(refusal_of(pod_with(spec), kAble)), able) << spec;
  }
  EXPECT_EQ(text_of(refusal_of(pod_with("", R"(,"labels":{"kubernetes.io/os":"windows"})"), kPlain)),
            "PodOSSelectorNodeLabelDoesNotMatch: Failed to admit pod as the `kubernetes.io/os` label doesn't "
            "match node label");
  const std::string annotation = R"(,"annotations":{"container.apparmor.security.beta.kubernetes.io/a":")";
  EXPECT_EQ(text_of(refusal_of(pod_with("", annotation + "localhost/mine\"}"), kPlain)), no_armor);
  EXPECT_EQ(text_of(refusal_of(pod_with("", annotation + "unconfined\"}"), kPlain)), "");
}

TEST(Admission, APressedNodeTakesWhatItLivesByAlone) {
  const std::string plain, critical = R"("priority":2000001000)",
                           asks = R"("resources":{"requests":{"memory":"1Mi"}})",
                           bears = R"("tolerations":[{"key":"node.kubernetes.io/memory-pressure",
                                                      "operator":"Exists","effect":"NoSchedule"}])",
                           bears_disk = R"("tolerations":[{"key":"node.kubernetes.io/disk-pressure",
                                                           "operator":"Exists","effect":"NoSchedule"}])";
  const std::string disk = "Evicted: The node had condition: [DiskPressure]. ",
                    memory = "Evicted: The node had condition: [MemoryPressure]. ",
                    both = "Evicted: The node had condition: [MemoryPressure DiskPressure]. ",
                    pids = "Evicted: The node had condition: [PIDPressure]. ";
  for (const auto& [spec, pressures, why] : std::vector<std::tuple<std::string, Pressures, std::string>>{
           {plain, {}, ""},
           {plain, {.disk = true}, disk},
           {asks, {.disk = true}, disk},
           {bears_disk, {.disk = true}, disk},
           {critical, {.disk = true}, ""},
           {plain, {.memory = true}, memory},
           {asks, {.memory = true}, ""},
           {bears, {.memory = true}, ""},
           {bears_disk, {.memory = true}, memory},
           {asks, {.memory = true, .disk = true}, both},
           {plain, {.pids = true}, pids},
           {critical, {.memory = true, .disk = true, .pids = true}, ""}}) {
    NodeAbilities pressed = kAble;
    pressed.pressures = pressures;
    EXPECT_EQ(text_of(refusal_of(pod_with(spec), pressed)), why) << spec;
  }
}

TEST(Admission, TakesSafeSysctlsOfThePodsOwnNamespacesOnly) {
  const auto sysctl = [](const std::string& name, const std::string& more = "") {
    return pod_with(R"("securityContext":{"sysctls":[{"name":")" + name + R"(","value":"1"}]})" + more);
  };
  for (const auto& [name, more, why] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"kernel.shm_rmid_forced", "", ""},
           {"net.ipv4.tcp_rmem", "", ""},
           {"net/ipv4/tcp_syncookies", "", ""},
           {"kernel.shm_rmid_forced", R"(,"hostNetwork":true)", ""},
           {"net.core.somaxconn", "", "\"net.core.somaxconn\" not allowlisted"},
           {"kernel.msgmax", "", "\"kernel.msgmax\" not allowlisted"},
           {"kernel.shm_rmid_forced", R"(,"hostIPC":true)",
            "\"kernel.shm_rmid_forced\" not allowed with host IPC enabled"},
           {"net/ipv4/tcp_syncookies", R"(,"hostNetwork":true)",
            "\"net.ipv4.tcp_syncookies\" not allowed with host Net enabled"}}) {
    EXPECT_EQ(text_of(refusal_of(sysctl(name, more), kPlain)),
              why.empty() ? "" : "SysctlForbidden: forbidden sysctl: " + why)
        << name << more;
  }
  // What an older kernel has for all of the machine at once is not the pod's to set.
  EXPECT_EQ(text_of(refusal_of(sysctl("net.ipv4.tcp_rmem"), {.kernel_version = "4.14.9"})),
            "SysctlForbidden: forbidden sysctl: \"net.ipv4.tcp_rmem\" not allowlisted");
  EXPECT_EQ(text_of(refusal_of(sysctl("net.ipv4.tcp_rmem"), {.kernel_version = "4.15"})), "");
}

TEST(Admission, NoSandboxForAnotherRuntimeOrUsersOfItsOwn) {
  EXPECT_EQ(sandbox_problem(pod_with(""), kPlain), "");
  EXPECT_EQ(sandbox_problem(pod_with(R"("runtimeClassName":"gvisor")"), kAble),
            "can't set `spec.runtimeClassName: gvisor`, this node's agent does not support runtime classes");
  EXPECT_EQ(sandbox_problem(pod_with(R"("hostUsers":true)"), kPlain), "");
  EXPECT_EQ(sandbox_problem(pod_with(R"("hostUsers":false)"), kPlain),
            "can't set `spec.hostUsers: false`, runtime does not support user namespaces");
  EXPECT_EQ(sandbox_problem(pod_with(R"("hostUsers":false)"), kAble),
            "can't set `spec.hostUsers: false`, this node's agent does not support user namespaces");
}

TEST(Admission, NamesTheFieldsThatHaveNoEffectHere) {
  EXPECT_THAT(fields_without_effect(pod_with("")), IsEmpty());
  EXPECT_THAT(fields_without_effect(
                  pod_with(R"("initContainers":[{"name":"i","image":"i","lifecycle":{"stopSignal":"SIGUSR1"},
                                "resources":{"limits":{"ephemeral-storage":"1Gi"}}}],
                              "volumes":[{"name":"d","emptyDir":{"sizeLimit":"1Mi"}}])")),
              ElementsAre("spec.initContainers{i}.lifecycle.stopSignal"));
}

// S2.9
TEST(Admission, PrivilegedContainersAreRefusedWhereTheyAreNotAllowed) {
  const Pod asks = pod_of(R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"i",
      "securityContext":{"privileged":true}}]}})");
  NodeAbilities node = kAble;
  EXPECT_EQ(text_of(refusal_of(asks, node)), "");
  node.privileged = false;
  EXPECT_EQ(text_of(refusal_of(asks, node)),
            "Forbidden: pod with UID \"u1\" specified privileged container, but is disallowed");
  EXPECT_EQ(text_of(refusal_of(pod_with(""), node)), "");
}

}  // namespace
}  // namespace mizzen::kubelet
