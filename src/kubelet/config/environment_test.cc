#include "kubelet/config/environment.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kubelet/testing/pod_of.h"

namespace mizzen::kubelet {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using testing::pod_of;

class NoObjects final : public volumes::ObjectSource {
 public:
  Result<std::shared_ptr<const api::core::v1::ConfigMap>> config_map(const std::string&,
                                                                     const std::string& name) override {
    if (name != "cm") return Error(Code::NotFound, fmt::format("configmap \"{}\" not found", name));
    auto out = std::make_shared<api::core::v1::ConfigMap>();
    out->data.set("key", "value");
    out->data.set("1bad", "kept");
    return std::shared_ptr<const api::core::v1::ConfigMap>(std::move(out));
  }
  Result<std::shared_ptr<const api::core::v1::Secret>> secret(const std::string&,
                                                              const std::string& name) override {
    return Error(Code::NotFound, fmt::format("secret \"{}\" not found", name));
  }
  Result<std::string> service_account_token(const Pod&,
                                            const api::core::v1::ServiceAccountTokenProjection&) override {
    return Error(Code::ServiceUnavailable, "environments hold no tokens");
  }
};

TEST(Expansion, FollowsUpstreamsRules) {
  const std::string value = "v";
  const auto lookup = [&](const std::string& name) { return name == "A" ? &value : nullptr; };
  EXPECT_EQ(expand("$(A)-$(B)-$$(A)-$A-$", lookup), "v-$(B)-$(A)-$A-$");
  EXPECT_EQ(expand("$(A", lookup), "$(A");
  EXPECT_EQ(expand("$$$(A)", lookup), "$v");
}

TEST(Environment, LaterSourcesWinAndReferencesSeeEarlierOnes) {
  auto pod =
      pod_of(R"json({"metadata":{"name":"p","labels":{"x":"y"}},"spec":{"containers":[{"name":"a","image":"i",
    "envFrom":[{"prefix":"P_","configMapRef":{"name":"cm"}}],
    "env":[{"name":"ONE","value":"1"},{"name":"TWO","value":"$(ONE)$(P_key)$(LATER)"},{"name":"LATER","value":"l"},
           {"name":"NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}},
           {"name":"KEY","valueFrom":{"configMapKeyRef":{"name":"cm","key":"key"}}},
           {"name":"GONE","valueFrom":{"configMapKeyRef":{"name":"no","key":"key","optional":true}}}]}]}})json");
  auto service = std::make_shared<api::core::v1::Service>();
  service->metadata.name = "redis-main";
  service->metadata.namespace_ = "default";
  service->spec.clusterIP = "10.96.0.7";
  auto& port = service->spec.ports.emplace_back();
  port.port = 6379;
  port.protocol = "TCP";
  NoObjects objects;
  volumes::Allocatable allocatable;
  const Services services{service};
  const auto env = make_environment({pod, pod.spec.containers[0], objects, services, allocatable});
  ASSERT_TRUE(env.ok()) << env.error().message();
  EXPECT_THAT(env->variables, Contains(Pair("TWO", "1value$(LATER)")));
  EXPECT_THAT(env->variables, Contains(Pair("P_1bad", "kept")));
  EXPECT_THAT(env->variables, Contains(Pair("NAME", "p")));
  EXPECT_THAT(env->variables, Contains(Pair("REDIS_MAIN_PORT_6379_TCP", "tcp://10.96.0.7:6379")));
  EXPECT_THAT(env->variables, Contains(Pair("REDIS_MAIN_SERVICE_HOST", "10.96.0.7")));
  for (const auto& [name, value] : env->variables) EXPECT_NE(name, "GONE");
  EXPECT_THAT(env->skipped, IsEmpty());
  pod.spec.containers[0].envFrom[0].prefix.clear();
  const auto strict = make_environment({pod, pod.spec.containers[0], objects, services, allocatable, false});
  EXPECT_THAT(strict->variables, Not(Contains(Pair("1bad", "kept"))));
  EXPECT_THAT(
      strict->skipped,
      ElementsAre("Keys [1bad] from the EnvFrom configMap default/cm were skipped since they are considered "
                  "invalid environment variable names."));
  EXPECT_THAT(make_environment({pod, pod.spec.containers[0], objects, services, allocatable})->variables,
              Contains(Pair("1bad", "kept")));

  pod.spec.containers[0].env[5].valueFrom->configMapKeyRef->optional = false;
  EXPECT_EQ(make_environment({pod, pod.spec.containers[0], objects, services, allocatable}).error().message(),
            "configmap \"no\" not found");
  pod.spec.containers[0].env[5].valueFrom->configMapKeyRef->localObjectReference.name = "cm";
  pod.spec.containers[0].env[5].valueFrom->configMapKeyRef->key = "none";
  EXPECT_EQ(make_environment({pod, pod.spec.containers[0], objects, services, allocatable}).error().message(),
            "couldn't find key none in ConfigMap default/cm");
}

TEST(Environment, APathIsNeverMadeOfWhatIsMissing) {
  const std::vector<Variable> variables{{"A", "a"}, {"EMPTY", ""}};
  EXPECT_EQ(*expand_path("x/$(A)/$$(B)", variables), "x/a/$(B)");
  EXPECT_EQ(expand_path("$(C)/$(EMPTY)/$(A)/$(B)/$(C)", variables).error().message(),
            "missing value for B, C, EMPTY");
  EXPECT_EQ(*expand_path("", variables), "");
}

}  // namespace
}  // namespace mizzen::kubelet
