#include "kubelet/state/pod_facts.h"

#include <gtest/gtest.h>

namespace mizzen::kubelet {
namespace {

TEST(PodFacts, AddressesAreKnownBeforeTheFirstStatus) {
  Pod pod;
  const auto own = addressed(pod, {"192.0.2.1", "192.0.2.2"}, {"10.0.0.5"});
  EXPECT_EQ(own.status.hostIP, "192.0.2.1");
  EXPECT_EQ(own.status.hostIPs.size(), 2u);
  EXPECT_EQ(own.status.podIP, "10.0.0.5");
  pod.spec.hostNetwork = true;
  const auto host = addressed(pod, {"192.0.2.1"}, {});
  EXPECT_EQ(host.status.podIP, "192.0.2.1");
  ASSERT_EQ(host.status.podIPs.size(), 1u);
  pod.spec.hostNetwork = false;
  EXPECT_EQ(addressed(pod, {"192.0.2.1"}, {}).status.podIP, "");
}

TEST(PodFacts, SidecarsStopAfterWhatTheyServe) {
  Pod pod;
  for (const char* name : {"setup", "first", "second"}) {
    pod.spec.initContainers.emplace_back().name = name;
    if (name != std::string("setup")) pod.spec.initContainers.back().restartPolicy = "Always";
  }
  for (const char* name : {"a", "b"}) pod.spec.containers.emplace_back().name = name;
  EXPECT_TRUE(stops_before(pod, "a", "second"));
  EXPECT_TRUE(stops_before(pod, "b", "first"));
  EXPECT_TRUE(stops_before(pod, "second", "first"));
  EXPECT_TRUE(stops_before(pod, "setup", "second"));
  EXPECT_FALSE(stops_before(pod, "first", "second"));
  EXPECT_FALSE(stops_before(pod, "first", "a"));
  EXPECT_FALSE(stops_before(pod, "a", "b"));
  EXPECT_FALSE(stops_before(pod, "b", "a"));
}

TEST(PodFacts, TheKernelsNameIsTheWholeNameOnlyWhereAsked) {
  Pod pod;
  pod.metadata.name = "web";
  pod.metadata.namespace_ = "ns";
  pod.spec.setHostnameAsFQDN = true;
  EXPECT_EQ(*kernel_hostname(pod, "d"), "web") << "without a subdomain there is no whole name";
  pod.spec.subdomain = "sub";
  EXPECT_EQ(*kernel_hostname(pod, "d"), "web.sub.ns.svc.d");
  pod.spec.subdomain = std::string(53, 's');
  EXPECT_EQ(kernel_hostname(pod, "d").error().message(),
            "failed to construct FQDN from pod hostname and cluster domain, FQDN web." + pod.spec.subdomain +
                ".ns.svc.d is too long (64 characters is the max, 66 characters requested)");
  pod.spec.setHostnameAsFQDN = false;
  EXPECT_EQ(*kernel_hostname(pod, "d"), "web");
}

}  // namespace
}  // namespace mizzen::kubelet
