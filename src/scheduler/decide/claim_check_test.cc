#include "scheduler/decide/claim_check.h"

#include <gtest/gtest.h>

#include "codec/json/json_codec.h"
#include "scheduler/decide/decide.h"
#include "scheduler/testing/objects.h"

namespace mizzen::scheduler {
namespace {

using api::core::v1::PersistentVolume;
using api::core::v1::PersistentVolumeClaim;
using api::resource::v1::ResourceClaim;
using api::storage::v1::StorageClass;

template <typename T>
std::shared_ptr<const T> object(const std::string& json) {
  auto r = codec::from_json<T>(json);
  EXPECT_TRUE(r.ok()) << json;
  return std::make_shared<const T>(std::move(*r));
}

class ClaimCheckTest : public ::testing::Test {
 protected:
  ClaimCheckTest() { state_.set_node(*testing::make_node("n1", R"({"metadata":{"labels":{"zone":"a"}}})")); }
  /// A claim bound to the volume of the same name.
  void bound(const std::string& name, const std::string& mode, const std::string& affinity = "") {
    claim(name,
          R"({"metadata":{"annotations":{"pv.kubernetes.io/bind-completed":"yes"}},"spec":{"volumeName":")" +
              name + R"(","accessModes":[")" + mode + R"("]}})");
    state_.claims.volumes[name] =
        object<PersistentVolume>(affinity.empty() ? "{}" : R"({"spec":{"nodeAffinity":)" + affinity + "}}");
  }
  void claim(const std::string& name, const std::string& json) {
    state_.claims.volume_claims["default/" + name] = object<PersistentVolumeClaim>(json);
  }
  std::string said(const std::string& name, const std::string& spec) {
    const PodInfo pod(testing::make_pod(name, spec));
    SeededRandom random(1);
    const Decision d = decide(pod, state_, random);
    return d.node.empty() ? d.message : d.node;
  }
  std::string said_of(const std::string& name) {
    return said("p", R"({"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":")" + name + R"("}}]})");
  }

  ClusterState state_;
};

std::string never(const std::string& why) { return "0/1 nodes are available: " + why + ". not found"; }

TEST_F(ClaimCheckTest, OnlyBoundClaimsLeadToANode) {
  EXPECT_EQ(said_of("c"), never(R"(persistentvolumeclaim "c" not found)"));
  claim("c", R"({"spec":{"storageClassName":"gone"}})");
  EXPECT_EQ(said_of("c"), never("pod has unbound immediate PersistentVolumeClaims"));
  claim("c", R"({"spec":{"storageClassName":"gone","volumeName":"v"}})");
  EXPECT_EQ(said_of("c"), never("pod has unbound immediate PersistentVolumeClaims"));
  state_.claims.classes["late"] = object<StorageClass>(R"({"volumeBindingMode":"WaitForFirstConsumer"})");
  claim("c", R"({"spec":{"storageClassName":"late"}})");
  EXPECT_EQ(
      said_of("c"),
      never(
          R"(persistentvolumeclaim "c" waits for its first consumer, and this scheduler binds no volumes)"));
  claim("c", R"({"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}})");
  EXPECT_EQ(said_of("c"), never(R"(persistentvolumeclaim "c" is being deleted)"));
  claim("c", R"({"spec":{"volumeName":"v"},"status":{"phase":"Lost"}})");
  EXPECT_EQ(said_of("c"), never(R"(persistentvolumeclaim "c" bound to non-existent persistentvolume "v")"));
  bound("c", "ReadWriteOnce");
  EXPECT_EQ(said_of("c"), "n1");
  state_.claims.volumes.clear();
  EXPECT_EQ(said_of("c"), never(R"(persistentvolume "c" not found)"));
}

TEST_F(ClaimCheckTest, VolumesAreWhereTheyAre) {
  const auto zone = [](const char* name) {
    return R"({"required":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"zone","operator":"In","values":[")" +
           std::string(name) + R"("]}]}]}})";
  };
  bound("here", "ReadWriteOnce", zone("a"));
  bound("there", "ReadWriteOnce", zone("b"));
  EXPECT_EQ(said_of("here"), "n1");
  EXPECT_EQ(
      said_of("there"),
      "0/1 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity. no new claims to "
      "deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.");
}

TEST_F(ClaimCheckTest, AVolumeForOnePodIsForOnePod) {
  bound("c", "ReadWriteOncePod");
  EXPECT_EQ(said_of("c"), "n1");
  state_.assume(PodInfo(testing::make_pod(
                            "q", R"({"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"c"}}]})"))
                    .load,
                "n1");
  EXPECT_EQ(said_of("c"),
            "0/1 nodes are available: 1 node(s) unavailable due to PersistentVolumeClaim with "
            "ReadWriteOncePod access "
            "mode already in-use by another pod. no new claims to deallocate, preemption: 0/1 nodes are "
            "available: 1 "
            "No preemption victims found for incoming pod.");
}

TEST_F(ClaimCheckTest, APodsOwnClaimsAreItsOwn) {
  const char* spec = R"({"volumes":[{"name":"v","ephemeral":{"volumeClaimTemplate":{"spec":{}}}}]})";
  EXPECT_EQ(said("p", spec),
            never(R"(waiting for ephemeral volume controller to create the persistentvolumeclaim "p-v")"));
  bound("p-v", "ReadWriteOnce");
  EXPECT_EQ(said("p", spec), never("PVC default/p-v was not created for pod default/p (pod is not owner)"));
  const std::string uid = testing::make_pod("p", "{}")->metadata.uid;
  claim(
      "p-v",
      R"({"metadata":{"annotations":{"pv.kubernetes.io/bind-completed":"yes"},"ownerReferences":[{"uid":")" +
          uid + R"(","controller":true}]},"spec":{"volumeName":"p-v"}})");
  EXPECT_EQ(said("p", spec), "n1");
}

TEST_F(ClaimCheckTest, DevicesAreAllocatedByOthers) {
  const char* named = R"({"resourceClaims":[{"name":"r","resourceClaimName":"c"}]})";
  EXPECT_EQ(said("p", R"({"resourceClaims":[{"name":"r","resourceClaimTemplateName":"t"}]})"),
            never(R"(pod "default/p": ResourceClaim not created yet)"));
  EXPECT_EQ(said("p", named), never(R"(resourceclaim.resource.k8s.io "c" not found)"));
  auto& claims = state_.claims.resource_claims;
  claims["default/c"] = object<ResourceClaim>("{}");
  EXPECT_EQ(
      said("p", named),
      never(R"(resourceclaim "c" is not allocated to the pod, and this scheduler allocates no devices)"));
  claims["default/c"] = object<ResourceClaim>(R"({"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}})");
  EXPECT_EQ(said("p", named), never(R"(resourceclaim "c" is being deleted)"));
  const std::string uid = testing::make_pod("p", "{}")->metadata.uid;
  const auto allocated = [&](const char* zone) {
    claims["default/c"] = object<ResourceClaim>(
        R"({"status":{"reservedFor":[{"uid":")" + uid +
        R"("}],"allocation":{"nodeSelector":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"zone","operator":"In","values":[")" +
        zone + R"("]}]}]}}}})");
  };
  allocated("a");
  EXPECT_EQ(said("p", named), "n1");
  allocated("b");
  EXPECT_NE(said("p", named).find("1 resourceclaim not available on the node."), std::string::npos);
}

}  // namespace
}  // namespace mizzen::scheduler
