#include "kubelet/config/object_references.h"

#include <gtest/gtest.h>

#include "kubelet/testing/pod_of.h"

namespace mizzen::kubelet {
namespace {

using Kind = ObjectReference::Kind;

TEST(ObjectReferences, AreFoundWhereverAPodNamesThem) {
  const Pod pod = testing::pod_of(R"({"spec":{
      "imagePullSecrets":[{"name":"pull"}],
      "volumes":[{"name":"a","configMap":{"name":"cm1"}},{"name":"b","secret":{"secretName":"s1"}},
        {"name":"c","projected":{"sources":[{"configMap":{"name":"cm2"}},{"secret":{"name":"s2"}},{"downwardAPI":{}}]}},
        {"name":"d","emptyDir":{}}],
      "initContainers":[{"name":"i","image":"i","envFrom":[{"configMapRef":{"name":"cm3"}},{"secretRef":{"name":"s3"}}]}],
      "containers":[{"name":"a","image":"i","env":[{"name":"P","value":"v"},
        {"name":"X","valueFrom":{"configMapKeyRef":{"name":"cm4","key":"k"}}},
        {"name":"Y","valueFrom":{"secretKeyRef":{"name":"s1","key":"k"}}}]}]}})");
  EXPECT_EQ(object_references(pod), (std::set<ObjectReference>{{Kind::ConfigMap, "cm1"},
                                                               {Kind::ConfigMap, "cm2"},
                                                               {Kind::ConfigMap, "cm3"},
                                                               {Kind::ConfigMap, "cm4"},
                                                               {Kind::Secret, "pull"},
                                                               {Kind::Secret, "s1"},
                                                               {Kind::Secret, "s2"},
                                                               {Kind::Secret, "s3"}}));
}

}  // namespace
}  // namespace mizzen::kubelet
