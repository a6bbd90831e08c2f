#include <gtest/gtest.h>

#include <map>

#include "admission/default_chain.h"
#include "admission/plugins/priority/priority.h"
#include "api/builtin.h"
#include "api/schema/core/v1/config_map.h"
#include "api/schema/core/v1/namespace.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/service_account.h"
#include "base/clock.h"

namespace mizzen::admission {
namespace {

using api::core::v1::ConfigMap;
using api::core::v1::Namespace;
using api::core::v1::Pod;
using api::scheduling::v1::PriorityClass;

/// A few objects, and how often all of them were asked for.
class FakeObjects final : public Objects {
 public:
  api::RegistryPtr registry() const override { return api::builtin(); }
  Object cached(const api::ResourceInfo& r, std::string_view ns, std::string_view name) const override {
    const auto it = objects.find({&r, std::string(ns) + "/" + std::string(name)});
    return it == objects.end() ? Object() : it->second;
  }
  void newest(const api::ResourceInfo& r, std::string_view ns, std::string_view name, Deadline,
              std::function<void(Result<Object>)> done) const override {
    const Object found = cached(r, ns, name);
    done(found ? Result<Object>(found)
               : Result<Object>(Error(Code::NotFound, "namespaces \"" + std::string(name) + "\" not found")));
  }
  std::vector<Object> all(const api::ResourceInfo& r) const override {
    ++scans;
    std::vector<Object> out;
    for (const auto& [key, object] : objects)
      if (key.first == &r) out.push_back(object);
    return out;
  }
  int64_t generation(const api::ResourceInfo&) const override { return changes; }
  template <typename T>
  void put(T object) {
    ++changes;
    const std::string key = object.metadata.namespace_ + "/" + object.metadata.name;
    objects[{&api::resource_of<T>(), key}] = Object::of(std::move(object));
  }

  std::map<std::pair<const api::ResourceInfo*, std::string>, Object> objects;
  int64_t changes = 0;
  mutable int scans = 0;
};

class PluginsTest : public ::testing::Test {
 protected:
  PluginsTest() : chain_(make_default_chain({real_clock()}, objects_)) {
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
                  MutableObject* object = nullptr, Object old = {}) {
    Attributes a{operation, context_, api::resource_of<T>(), "", ns, name, object, std::move(old)};
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
  EXPECT_EQ(chain_->names(), (std::vector<std::string_view>{"NamespaceLifecycle", "ServiceAccount",
                                                            "Priority", "DefaultTolerationSeconds"}));
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
