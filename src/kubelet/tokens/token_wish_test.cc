#include "kubelet/tokens/token_wish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kubelet/testing/pod_of.h"

namespace mizzen::kubelet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::pod_of;

TEST(TokenWish, WhatContainersMountIsWantedOnceEach) {
  const Pod pod = pod_of(R"({"metadata":{"name":"web"},"spec":{"serviceAccountName":"robot","volumes":[
      {"name":"a","projected":{"sources":[{"serviceAccountToken":{"path":"t"}},{"configMap":{"name":"ca"}},
        {"serviceAccountToken":{"path":"v","audience":"vault","expirationSeconds":600}}]}},
      {"name":"b","projected":{"sources":[{"serviceAccountToken":{"path":"again"}}]}},
      {"name":"unused","projected":{"sources":[{"serviceAccountToken":{"path":"t","audience":"nobody"}}]}},
      {"name":"e","emptyDir":{}}],
    "containers":[{"name":"c","image":"i","volumeMounts":[{"name":"b","mountPath":"/b"},{"name":"e","mountPath":"/e"}]}],
    "initContainers":[{"name":"i","image":"i","volumeMounts":[{"name":"a","mountPath":"/a"}]}]}})");
  EXPECT_THAT(token_wishes(pod), ElementsAre(TokenWish{"u1", "web", "default", "robot", "", 3600},
                                             TokenWish{"u1", "web", "default", "robot", "vault", 600}));
}

TEST(TokenWish, APodThatIsOverWantsNone) {
  Pod pod = pod_of(R"({"metadata":{"name":"web"},"spec":{"volumes":[
      {"name":"a","projected":{"sources":[{"serviceAccountToken":{"path":"t"}}]}}],
    "containers":[{"name":"c","image":"i","volumeMounts":[{"name":"a","mountPath":"/a"}]}]}})");
  EXPECT_EQ(token_wishes(pod).size(), 1u);
  for (const char* phase : {"Succeeded", "Failed"}) {
    pod.status.phase = phase;
    EXPECT_THAT(token_wishes(pod), IsEmpty()) << phase;
  }
}

TEST(TokenWish, IsNamedAsUpstreamNamesIt) {
  const TokenWish wish{"u1", "web", "default", "robot", "vault", 600};
  EXPECT_EQ(wish.text(), R"("robot"/"default"/[]string{"vault"}/600/)"
                         R"(v1.BoundObjectReference{Kind:"Pod", APIVersion:"v1", Name:"web", UID:"u1"}/"")");
  EXPECT_THAT((TokenWish{"u1", "web", "default", "robot", "", 600}.text()),
              ::testing::HasSubstr(R"("default"/[]string(nil)/600/)"));
}

}  // namespace
}  // namespace mizzen::kubelet
