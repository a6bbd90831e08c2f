#include "admission/plugins/service_account/service_account.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admission/plugins/service_account/mountable_secrets.h"
#include "admission/plugins/service_account/token_mount.h"
#include "admission/testing/fake_objects.h"
#include "api/schema/core/v1/pod.h"
#include "codec/json/json_codec.h"

namespace mizzen::admission {
namespace {

using api::core::v1::Pod;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Account = api::core::v1::ServiceAccount;

class ServiceAccountTest : public ::testing::Test {
 protected:
  ServiceAccountTest() { put(R"({"metadata":{"name":"sa","namespace":"ns"}})"); }
  void put(const std::string& account) { objects_.put(*codec::from_json<Account>(account)); }
  static MutableObject pod(const std::string& json) {
    MutableObject out(Pod::descriptor());
    *out.as<Pod>() = *codec::from_json<Pod>(json);
    return out;
  }
  /// What the plug-in says in both phases; "ok" where it has nothing against the pod.
  std::string ask(MutableObject& object, Operation operation = Operation::Create,
                  std::string_view subresource = "") {
    Attributes a{operation, context_, api::resource_of<Pod>(), subresource, "ns", "p", &object, {}};
    std::string out = "nothing";
    const auto told = [&](const Result<void>& r) { out = r.ok() ? "ok" : r.error().message(); };
    if (const auto answer = plugin_.mutate(a, told)) told(*answer);
    if (out != "ok") return out;
    if (const auto answer = plugin_.validate(a, told)) told(*answer);
    return out;
  }

  FakeObjects objects_;
  SeededRandom random_{1};
  auth::RequestContext context_;
  const ServiceAccount plugin_{real_clock(), random_, objects_};
};

TEST_F(ServiceAccountTest, EachContainerGetsTheToken) {
  MutableObject object = pod(R"({"metadata":{"name":"p"},"spec":{"serviceAccountName":"sa",
    "initContainers":[{"name":"i"}],"containers":[{"name":"a"},
      {"name":"b","volumeMounts":[{"name":"own","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}]}]}})");
  EXPECT_EQ(ask(object), "ok");
  const Pod& p = *object.as<Pod>();
  ASSERT_EQ(p.spec.volumes.size(), 1u);
  const std::string name = p.spec.volumes[0].name;
  EXPECT_THAT(name, StartsWith("kube-api-access-"));
  EXPECT_EQ(name.size(), std::string("kube-api-access-").size() + 5);
  // As kube-apiserver 1.36.2 writes it.
  EXPECT_EQ(
      codec::to_json(p.spec.volumes[0]),
      R"({"name":")" + name +
          R"(","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},)"
          R"({"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},)"
          R"({"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1",)"
          R"("fieldPath":"metadata.namespace"}}]}}],"defaultMode":420}})");
  for (const auto* c : {&p.spec.initContainers[0], &p.spec.containers[0]}) {
    ASSERT_EQ(c->volumeMounts.size(), 1u) << c->name;
    EXPECT_EQ(c->volumeMounts[0].name, name);
    EXPECT_TRUE(c->volumeMounts[0].readOnly);
    EXPECT_EQ(c->volumeMounts[0].mountPath, kTokenMountPath);
  }
  EXPECT_EQ(p.spec.containers[1].volumeMounts[0].name, "own") << "its own mount stays";
  EXPECT_EQ(p.spec.serviceAccount, "sa");
}

TEST_F(ServiceAccountTest, AVolumeThatIsThereIsUsed) {
  MutableObject object =
      pod(R"({"spec":{"serviceAccountName":"sa","volumes":[{"name":"kube-api-access-mine"}],
    "containers":[{"name":"a"}]}})");
  EXPECT_EQ(ask(object), "ok");
  EXPECT_EQ(object.as<Pod>()->spec.volumes.size(), 1u);
  EXPECT_EQ(object.as<Pod>()->spec.containers[0].volumeMounts[0].name, "kube-api-access-mine");
}

TEST_F(ServiceAccountTest, ThePodSaysThenItsAccountThenYes) {
  const std::tuple<std::optional<bool>, std::optional<bool>, bool> cases[] = {
      {std::nullopt, std::nullopt, true},
      {std::nullopt, false, false},
      {std::nullopt, true, true},
      {true, false, true},
      {false, true, false},
  };
  for (const auto& [of_pod, of_account, wanted] : cases) {
    Account account;
    Pod p;
    account.automountServiceAccountToken = of_account;
    p.spec.automountServiceAccountToken = of_pod;
    EXPECT_EQ(wants_token(account, p), wanted);
  }
}

TEST_F(ServiceAccountTest, PullSecretsAreTheAccountsWhereThePodHasNone) {
  put(R"({"metadata":{"name":"sa","namespace":"ns"},"imagePullSecrets":[{"name":"pull"}]})");
  MutableObject object = pod(R"({"spec":{"serviceAccountName":"sa"}})");
  EXPECT_EQ(ask(object), "ok");
  ASSERT_EQ(object.as<Pod>()->spec.imagePullSecrets.size(), 1u);
  EXPECT_EQ(object.as<Pod>()->spec.imagePullSecrets[0].name, "pull");
  MutableObject own = pod(R"({"spec":{"serviceAccountName":"sa","imagePullSecrets":[{"name":"own"}]}})");
  EXPECT_EQ(ask(own), "ok");
  EXPECT_EQ(own.as<Pod>()->spec.imagePullSecrets[0].name, "own");
}

TEST_F(ServiceAccountTest, TheDefaultAccountIsWaitedForAndOthersAreNot) {
  MutableObject other = pod(R"({"spec":{"serviceAccountName":"no"}})");
  EXPECT_EQ(
      ask(other),
      "pods \"p\" is forbidden: error looking up service account ns/no: serviceaccount \"no\" not found");
  EXPECT_EQ(objects_.waits, 0);
  MutableObject in_vain = pod(R"({"spec":{}})");
  EXPECT_THAT(ask(in_vain), HasSubstr("serviceaccount \"default\" not found"));
  EXPECT_GT(objects_.waits, 10);
  EXPECT_LT(objects_.waits, 30);
  objects_.after_waiting = [this] { put(R"({"metadata":{"name":"default","namespace":"ns"}})"); };
  MutableObject early = pod(R"({"spec":{"containers":[{"name":"a"}]}})");
  EXPECT_EQ(ask(early), "ok");
  EXPECT_EQ(early.as<Pod>()->spec.volumes.size(), 1u);
}

TEST_F(ServiceAccountTest, SecretsThatTheAccountDoesNotListAreRefusedWhereItSaysSo) {
  put(R"({"metadata":{"name":"sa","namespace":"ns","annotations":{"kubernetes.io/enforce-mountable-secrets":"true"}},
    "secrets":[{"name":"good"}],"imagePullSecrets":[{"name":"pull"}]})");
  const std::string ending = "is not allowed because service account sa does not reference that ";
  const std::pair<const char*, std::string> cases[] = {
      {R"("volumes":[{"name":"v","secret":{"secretName":"good"}}])", "ok"},
      {R"("volumes":[{"name":"v","secret":{"secretName":"bad"}}])",
       "volume with secret.secretName=\"bad\" " + ending + "secret"},
      {R"("containers":[{"name":"c","env":[{"name":"E","valueFrom":{"secretKeyRef":{"name":"bad","key":"k"}}}]}])",
       "container c with envVar E referencing secret.secretName=\"bad\" " + ending + "secret"},
      {R"("initContainers":[{"name":"c","envFrom":[{"secretRef":{"name":"bad"}}]}])",
       "init container c with envFrom referencing secret.secretName=\"bad\" " + ending + "secret"},
      {R"("imagePullSecrets":[{"name":"bad"}])",
       "imagePullSecrets[0].name=\"bad\" " + ending + "imagePullSecret"},
  };
  for (const auto& [spec, wanted] : cases) {
    MutableObject object = pod(std::string(R"({"spec":{"serviceAccountName":"sa",)") + spec + "}}");
    EXPECT_EQ(ask(object), wanted == "ok" ? "ok" : "pods \"p\" is forbidden: " + wanted);
  }
  MutableObject debugged = pod(R"({"spec":{"serviceAccountName":"sa","ephemeralContainers":[
    {"name":"e","envFrom":[{"secretRef":{"name":"bad"}}]}]}})");
  EXPECT_EQ(
      ask(debugged, Operation::Update, "ephemeralcontainers"),
      "pods \"p\" is forbidden: ephemeral container e with envFrom referencing secret.secretName=\"bad\" " +
          ending + "secret");
}

TEST_F(ServiceAccountTest, MirrorPodsHaveNeitherAccountNorSecrets) {
  const std::string mirror = R"({"metadata":{"annotations":{"kubernetes.io/config.mirror":"x"}},"spec":{)";
  const std::pair<const char*, const char*> cases[] = {
      {R"("containers":[{"name":"c"}])", "ok"},
      {R"("serviceAccountName":"sa")", "a mirror pod may not reference service accounts"},
      {R"("volumes":[{"name":"v","secret":{"secretName":"s"}}])", "a mirror pod may not reference secrets"},
      {R"("volumes":[{"name":"v","cephfs":{"secretRef":{"name":"s"}}}])",
       "a mirror pod may not reference secrets"},
      {R"("imagePullSecrets":[{"name":"s"}])", "a mirror pod may not reference secrets"},
      {R"("volumes":[{"name":"v","projected":{"sources":[{"serviceAccountToken":{"path":"t"}}]}}])",
       "a mirror pod may not use ServiceAccountToken volume projections"},
  };
  for (const auto& [spec, wanted] : cases) {
    MutableObject object = pod(mirror + spec + "}}");
    EXPECT_THAT(ask(object), ::testing::EndsWith(wanted)) << spec;
    EXPECT_TRUE(object.as<Pod>()->spec.serviceAccount.empty());
  }
}

}  // namespace
}  // namespace mizzen::admission
