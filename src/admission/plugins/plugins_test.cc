#include <gtest/gtest.h>

#include <map>

#include "admission/default_chain.h"
#include "admission/plugins/priority/priority.h"
#include "admission/testing/fake_objects.h"
#include "api/builtin.h"
#include "api/schema/core/v1/config_map.h"
#include "api/schema/core/v1/namespace.h"
#include "api/schema/core/v1/persistent_volume_claim.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/service_account.h"
#include "api/schema/node/v1/runtime_class.h"
#include "api/schema/resource/v1/resource_claim.h"
#include "api/schema/storage/v1/storage_class.h"
#include "base/clock.h"

namespace mizzen::admission {
namespace {

using api::core::v1::ConfigMap;
using api::core::v1::Namespace;
using api::core::v1::PersistentVolumeClaim;
using api::core::v1::Pod;
using api::resource::v1::ResourceClaim;
using api::scheduling::v1::PriorityClass;
using api::storage::v1::StorageClass;

class PluginsTest : public ::testing::Test {
 protected:
  PluginsTest() : chain_(make_default_chain({real_clock(), secure_random()}, objects_)) {
    objects_.put(named<Namespace>("default"));
    auto account = named<api::core::v1::ServiceAccount>("default");
    account.metadata.namespace_ = "default";
    objects_.put(std::move(account));
  }
  template <typename T>
  static T named(const std::string& name) {
    T out;
    out.metadata.name = name;
    return out;
  }
  /// What the chain says of both phases; "ok" where it has nothing against it.
  template <typename T>
  std::string ask(Operation operation, std::string_view ns, std::string_view name,
                  MutableObject* object = nullptr, Object old = {}, std::string_view subresource = "") {
    Attributes a{operation, context_, api::resource_of<T>(), subresource, ns, name, object, std::move(old)};
    std::string out = "nothing";
    chain_->mutate(a, [&](const Result<void>& r) {
      if (!r.ok()) {
        out = r.error().message();
        return;
      }
      chain_->validate(a, [&](const Result<void>& v) { out = v.ok() ? "ok" : v.error().message(); });
    });
    return out;
  }
  MutableObject pod() {
    MutableObject out(Pod::descriptor());
    out.meta().name = "p";
    return out;
  }

  FakeObjects objects_;
  auth::RequestContext context_;
  std::unique_ptr<const Chain> chain_;
};

TEST_F(PluginsTest, TheOrderIsUpstreams) {
  EXPECT_EQ(chain_->names(),
            (std::vector<std::string_view>{
                "NamespaceLifecycle", "ServiceAccount", "Priority", "DefaultTolerationSeconds",
                "DefaultStorageClass", "PersistentVolumeClaimResize", "RuntimeClass", "DeviceAdminAccess"}));
}

TEST_F(PluginsTest, NamespacesThatAClusterNeedsAreNotDeleted) {
  for (const char* name : {"default", "kube-system", "kube-public"})
    EXPECT_EQ(ask<Namespace>(Operation::Delete, "", name),
              "namespaces \"" + std::string(name) + "\" is forbidden: this namespace may not be deleted");
  EXPECT_EQ(ask<Namespace>(Operation::Delete, "", "kube-node-lease"), "ok");
  EXPECT_EQ(ask<ConfigMap>(Operation::Delete, "default", "default"), "ok");
}

TEST_F(PluginsTest, NothingIsMadeWhereThereIsNoNamespaceOrOneThatGoes) {
  auto going = named<Namespace>("going");
  going.status.phase = "Terminating";
  objects_.put(going);
  MutableObject config(ConfigMap::descriptor());
  config.meta().name = "a";
  EXPECT_EQ(ask<ConfigMap>(Operation::Create, "default", "a", &config), "ok");
  EXPECT_EQ(ask<ConfigMap>(Operation::Create, "nowhere", "a", &config), "namespaces \"nowhere\" not found");
  EXPECT_EQ(
      ask<ConfigMap>(Operation::Create, "going", "a", &config),
      "configmaps \"a\" is forbidden: unable to create new content in namespace going because it is being "
      "terminated");
  EXPECT_EQ(ask<ConfigMap>(Operation::Update, "going", "a", &config), "ok");
  EXPECT_EQ(ask<ConfigMap>(Operation::Delete, "going", "a"), "ok");
}

TEST_F(PluginsTest, PodsGetAccountPriorityAndTolerations) {
  auto high = named<PriorityClass>("high");
  high.value = 7;
  objects_.put(high);
  MutableObject object = pod();
  Pod& p = *object.as<Pod>();
  p.spec.priorityClassName = "high";
  EXPECT_EQ(ask<Pod>(Operation::Create, "default", "p", &object), "ok");
  EXPECT_EQ(p.spec.serviceAccountName, "default");
  EXPECT_EQ(p.spec.priority, 7);
  EXPECT_EQ(p.spec.preemptionPolicy, "PreemptLowerPriority");
  EXPECT_EQ(p.spec.tolerations.size(), 2u);
  MutableObject other = pod();
  other.as<Pod>()->spec.priorityClassName = "none";
  EXPECT_EQ(ask<Pod>(Operation::Create, "default", "p", &other),
            "pods \"p\" is forbidden: no PriorityClass with name none was found");
  MutableObject stranger = pod();
  stranger.as<Pod>()->spec.serviceAccountName = "no";
  EXPECT_EQ(ask<Pod>(Operation::Create, "default", "p", &stranger),
            "pods \"p\" is forbidden: error looking up service account default/no: serviceaccount \"no\" not "
            "found");
}

TEST_F(PluginsTest, APodIsNotRunLessIsolatedThanItsClassSays) {
  MutableObject object = pod();
  Pod& p = *object.as<Pod>();
  p.spec.runtimeClassName = "gvisor";
  EXPECT_EQ(ask<Pod>(Operation::Create, "default", "p", &object),
            "pods \"p\" is forbidden: pod rejected: RuntimeClass \"gvisor\" not found");
  EXPECT_EQ(ask<Pod>(Operation::Update, "default", "p", &object, Object::of(Pod())), "ok")
      << "what runs already is left alone";
  MutableObject costly = pod();
  costly.as<Pod>()->spec.overhead.set("cpu", codec::Quantity::of(1));
  EXPECT_EQ(ask<Pod>(Operation::Create, "default", "p", &costly),
            "pods \"p\" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass "
            "defined Overhead");
}

TEST_F(PluginsTest, APodGetsWhatItsRuntimeClassSays) {
  using api::node::v1::RuntimeClass;
  RuntimeClass c = named<RuntimeClass>("vm");
  c.overhead.ensure().podFixed.set("cpu", *codec::Quantity::parse("250m"));
  c.scheduling.ensure().nodeSelector.set("kvm", "yes");
  api::core::v1::Toleration own, more, all;
  own.key = "a";
  own.operator_ = "Equal";
  own.value = "1";
  more = own;
  more.value = "2";
  all.key = "a";
  all.operator_ = "Exists";
  c.scheduling->tolerations = {more, all};
  objects_.objects[{objects_.known->find<RuntimeClass>(), "/vm"}] = Object::of(c);

  MutableObject object = pod();
  Pod& p = *object.as<Pod>();
  p.spec.runtimeClassName = "vm";
  p.spec.tolerations = {own};
  EXPECT_EQ(ask<Pod>(Operation::Create, "default", "p", &object), "ok");
  EXPECT_EQ(p.spec.overhead.get("cpu").text(), "250m");
  EXPECT_EQ(p.spec.nodeSelector.get("kvm"), "yes");
  size_t of_a = 0;
  for (const auto& t : p.spec.tolerations) of_a += t.key == "a";
  EXPECT_EQ(of_a, 1u) << "what another covers is left out";

  p.spec.overhead.set("cpu", codec::Quantity::of(1));
  const std::string other =
      "pods \"p\" is forbidden: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
  EXPECT_EQ(ask<Pod>(Operation::Create, "default", "p", &object), other);
  p.spec.overhead = {};
  p.spec.nodeSelector.set("kvm", "no");
  EXPECT_EQ(ask<Pod>(Operation::Create, "default", "p", &object),
            "pods \"p\" is forbidden: conflict: runtimeClass.scheduling.nodeSelector[kvm] = yes; "
            "pod.spec.nodeSelector[kvm] = no");
}

TEST_F(PluginsTest, TheDefaultClassIsFoundOncePerChangeNotPerPod) {
  auto usual = named<PriorityClass>("usual");
  usual.value = 3;
  usual.globalDefault = true;
  objects_.put(usual);
  for (int i = 0; i < 10; ++i) {
    MutableObject object = pod();
    EXPECT_EQ(ask<Pod>(Operation::Create, "default", "p", &object), "ok");
    EXPECT_EQ(object.as<Pod>()->spec.priority, 3);
  }
  EXPECT_EQ(objects_.scans, 1);
  usual.value = 4;
  objects_.put(usual);
  MutableObject object = pod();
  EXPECT_EQ(ask<Pod>(Operation::Create, "default", "p", &object), "ok");
  EXPECT_EQ(object.as<Pod>()->spec.priority, 4);
  EXPECT_EQ(objects_.scans, 2);
}

TEST_F(PluginsTest, ClaimsWithoutAClassGetTheNewestDefault) {
  const auto given = [&](std::optional<std::string> asked) {
    MutableObject object(PersistentVolumeClaim::descriptor());
    object.meta().name = "c";
    object.as<PersistentVolumeClaim>()->spec.storageClassName = std::move(asked);
    EXPECT_EQ(ask<PersistentVolumeClaim>(Operation::Create, "default", "c", &object), "ok");
    return object.as<PersistentVolumeClaim>()->spec.storageClassName.value_or("none");
  };
  EXPECT_EQ(given(std::nullopt), "none");
  for (const auto& [name, seconds] : {std::pair{"b", 20}, {"a", 20}, {"old", 10}, {"other", 30}}) {
    auto c = named<StorageClass>(name);
    c.metadata.creationTimestamp = codec::Time{seconds, 0};
    if (std::string(name) != "other")
      c.metadata.annotations.set("storageclass.kubernetes.io/is-default-class", "true");
    objects_.put(c);
  }
  EXPECT_EQ(given(std::nullopt), "a");
  EXPECT_EQ(given(""), "") << "none is wanted";
  EXPECT_EQ(given("old"), "old");
}

TEST_F(PluginsTest, ClaimsGrowWhereTheirClassLetsThem) {
  auto grows = named<StorageClass>("grows");
  grows.allowVolumeExpansion = true;
  objects_.put(grows);
  objects_.put(named<StorageClass>("stays"));
  const auto grown = [&](const char* phase, const char* class_name, const char* size) {
    PersistentVolumeClaim old = named<PersistentVolumeClaim>("c");
    old.status.phase = phase;
    old.spec.storageClassName = class_name;
    old.spec.resources.requests.set("storage", *codec::Quantity::parse("1Gi"));
    MutableObject now(Object::of(old));
    now.as<PersistentVolumeClaim>()->spec.resources.requests.set("storage", *codec::Quantity::parse(size));
    return ask<PersistentVolumeClaim>(Operation::Update, "default", "c", &now, Object::of(std::move(old)));
  };
  const std::string fixed =
      "persistentvolumeclaims \"c\" is forbidden: only dynamically provisioned pvc can be resized and the "
      "storageclass that provisions the pvc must support resize";
  EXPECT_EQ(grown("Bound", "grows", "2Gi"), "ok");
  EXPECT_EQ(grown("Bound", "stays", "2Gi"), fixed);
  EXPECT_EQ(grown("Bound", "gone", "2Gi"), fixed);
  EXPECT_EQ(grown("Bound", "", "2Gi"), fixed);
  EXPECT_EQ(grown("Bound", "stays", "1Gi"), "ok");
  EXPECT_EQ(grown("Pending", "grows", "2Gi"),
            "persistentvolumeclaims \"c\" is forbidden: Only bound persistent volume claims can be expanded");
}

TEST_F(PluginsTest, AdminAccessToDevicesIsForLabelledNamespaces) {
  auto admin = named<Namespace>("admin");
  admin.metadata.labels.set("resource.kubernetes.io/admin-access", "true");
  objects_.put(admin);
  ResourceClaim claim = named<ResourceClaim>("c");
  claim.spec.devices.requests.resize(2);
  claim.spec.devices.requests[1].exactly.emplace().adminAccess = true;
  const auto made = [&](const char* ns) {
    MutableObject object(Object::of(claim));
    return ask<ResourceClaim>(Operation::Create, ns, "c", &object);
  };
  const std::string why =
      "admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the "
      "containing "
      "namespace";
  EXPECT_EQ(made("default"),
            "ResourceClaim.resource.k8s.io \"c\" is invalid: spec.devices.requests[1].adminAccess: "
            "Forbidden: " +
                why);
  EXPECT_EQ(made("admin"), "ok");
  const auto allocated = [&](ResourceClaim old) {
    ResourceClaim now = claim;
    now.status.allocation.ensure().devices.results.resize(1);
    now.status.allocation->devices.results[0].adminAccess = true;
    MutableObject object(Object::of(now));
    return ask<ResourceClaim>(Operation::Update, "default", "c", &object, Object::of(std::move(old)),
                              "status");
  };
  EXPECT_EQ(allocated(claim),
            "ResourceClaim.resource.k8s.io \"c\" is invalid: "
            "status.allocation.devices.results[0].adminAccess: Forbidden: " +
                why);
  ResourceClaim given = claim;
  given.status.allocation.ensure().devices.results.resize(1);
  given.status.allocation->devices.results[0].adminAccess = true;
  EXPECT_EQ(allocated(given), "ok") << "it was given once";
}

TEST_F(PluginsTest, AnUpdateKeepsWhatACreationWasGiven) {
  Pod before = named<Pod>("p");
  before.spec.priority = 9;
  before.spec.preemptionPolicy = "Never";
  MutableObject object = pod();
  EXPECT_EQ(ask<Pod>(Operation::Update, "default", "p", &object, Object::of(std::move(before))), "ok");
  EXPECT_EQ(object.as<Pod>()->spec.priority, 9);
  EXPECT_EQ(object.as<Pod>()->spec.preemptionPolicy, "Never");
}

}  // namespace
}  // namespace mizzen::admission
