#include "kubelet/config/name_resolution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kubelet/images/image_puller.h"
#include "kubelet/testing/pod_of.h"

namespace mizzen::kubelet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::pod_of;

Pod two_containers() {
  return pod_of(
      R"({"metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"i"},{"name":"b","image":"i"}]}})");
}

TEST(NameResolution, ClusterFirstPutsTheClusterBeforeTheHost) {
  const auto host = parse_resolv_conf("# c\nnameserver 8.8.8.8\nsearch example.com .\noptions timeout:2\n");
  auto pod = two_containers();
  auto dns = pod_dns(pod, {{"10.96.0.10"}, "kube.local"}, host);
  EXPECT_THAT(dns.conf.servers, ElementsAre("10.96.0.10"));
  EXPECT_THAT(dns.conf.searches,
              ElementsAre("default.svc.kube.local", "svc.kube.local", "kube.local", "example.com"));
  EXPECT_THAT(dns.conf.options, ElementsAre("ndots:5"));
  EXPECT_TRUE(pod_dns(pod, {}, host).missing_cluster_dns);
  EXPECT_THAT(pod_dns(pod, {}, host).conf.servers, ElementsAre("8.8.8.8"));
  pod.spec.dnsPolicy = "None";
  pod.spec.dnsConfig.ensure().nameservers = {"1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4"};
  dns = pod_dns(pod, {}, host);
  EXPECT_EQ(dns.conf.servers.size(), 3u);
  EXPECT_EQ(dns.forming_problems.size(), 1u);
}

TEST(NameResolution, HostsFileNamesThePodAndItsAliases) {
  auto pod = two_containers();
  pod.spec.subdomain = "sub";
  pod.spec.hostAliases.emplace_back().ip = "1.2.3.4";
  pod.spec.hostAliases[0].hostnames = {"foo", "bar"};
  const auto text = hosts_file(pod, {"10.42.0.5"}, "cluster.local", "");
  EXPECT_THAT(text, HasSubstr("10.42.0.5\tweb.sub.default.svc.cluster.local\tweb\n"));
  EXPECT_THAT(text, HasSubstr("\n# Entries added by HostAliases.\n1.2.3.4\tfoo\tbar\n"));
}

}  // namespace
}  // namespace mizzen::kubelet
