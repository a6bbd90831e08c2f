#include "apiserver/registry/core.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/registry/catalog.h"
#include "api/schema/core/v1/config_map.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/service.h"
#include "api/schema/core/v1/service_account.h"
#include "api/schema/scheduling/v1/priority_class.h"
#include "apiserver/loopback/loopback.h"
#include "async/stop.h"
#include "auth/authorize/components.h"
#include "store/memory/memory_store.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::ConfigMap;
using client::Call;

class CoreTest : public testing::Test {
 protected:
  CoreTest()
      : core_({store_, real_clock(), secure_random(), resources_}, {}),
        api_({core_, authorizer_}, {"test", {"system:masters"}}) {
    const auto r = core_.start(Deadline::after(std::chrono::seconds(5), real_clock()));
    EXPECT_TRUE(r.ok()) << r.error().message();
  }
  ConfigMap config(const std::string& name) {
    ConfigMap c;
    c.metadata.name = name;
    c.metadata.namespace_ = "default";
    c.data.set("k", "v");
    return c;
  }

  store::MemoryStore store_{{.clock = real_clock()}};
  api::ResourceCatalog resources_{api::builtin()};
  Core core_;
  auth::ComponentAuthorizer authorizer_;
  Loopback api_;
};

TEST_F(CoreTest, CreateSetsMetadataAndConflictsAreToldInUpstreamsWords) {
  auto made = client::create(api_, config("a"), Call());
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_FALSE((*made)->metadata.uid.empty());
  EXPECT_FALSE((*made)->metadata.resourceVersion.empty());
  EXPECT_TRUE((*made)->metadata.creationTimestamp.is_set());
  EXPECT_EQ(client::create(api_, config("a"), Call()).error().message(), "configmaps \"a\" already exists");
  EXPECT_EQ(client::get<ConfigMap>(api_, "default", "b", Call()).error().message(),
            "configmaps \"b\" not found");

  ConfigMap old = **made;
  old.data.set("k", "w");
  auto updated = client::update(api_, old, Call());
  ASSERT_TRUE(updated.ok()) << updated.error().message();
  EXPECT_EQ((*updated)->metadata.uid, (*made)->metadata.uid);
  EXPECT_EQ(client::update(api_, old, Call()).error().message(),
            "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply "
            "your changes to the latest version and try again");
  ConfigMap same = **updated;
  EXPECT_EQ((*client::update(api_, same, Call()))->metadata.resourceVersion,
            (*updated)->metadata.resourceVersion)
      << "an equal update writes nothing";
}

TEST_F(CoreTest, NamesAreCheckedAndGenerated) {
  EXPECT_EQ(client::create(api_, config("A_b"), Call()).error().code(), Code::Invalid);
  auto c = config("");
  c.metadata.generateName = "gen-";
  auto made = client::create(api_, c, Call());
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_EQ((*made)->metadata.name.size(), 9u);
  auto elsewhere = config("x");
  elsewhere.metadata.namespace_ = "nowhere";
  EXPECT_EQ(client::create(api_, elsewhere, Call()).error().message(), "namespaces \"nowhere\" not found");
}

TEST_F(CoreTest, FinalizersKeepAnObjectUntilTheyAreGone) {
  auto c = config("f");
  c.metadata.finalizers = {"example.com/hold"};
  ASSERT_TRUE(client::create(api_, c, Call()).ok());
  const auto& r = api::resource_of<ConfigMap>();
  ASSERT_TRUE(api_.remove(r, "default", "f", {}, Call()).ok());
  auto held = client::get<ConfigMap>(api_, "default", "f", Call());
  ASSERT_TRUE(held.ok());
  EXPECT_TRUE((*held)->metadata.deletionTimestamp.has_value());
  ConfigMap freed = **held;
  freed.metadata.finalizers.clear();
  ASSERT_TRUE(client::update(api_, freed, Call()).ok());
  EXPECT_EQ(client::get<ConfigMap>(api_, "default", "f", Call()).error().code(), Code::NotFound);
}

TEST_F(CoreTest, WatchersSeeEachChangeOnceInOrderAndSelectorsTurnChangesIntoAddsAndDeletes) {
  Mutex m;
  CondVar cv;
  std::vector<std::string> seen;
  client::ListOptions options;
  options.namespace_ = "default";
  options.label_selector = "in=yes";
  options.resource_version = "1";
  auto watch = api_.watch(api::resource_of<ConfigMap>(), options,
                          {[&](std::vector<client::WatchEvent> events) {
                             Lock lock(m);
                             for (const auto& e : events) {
                               const char* names[] = {"ADDED ", "MODIFIED ", "DELETED ", "BOOKMARK "};
                               seen.push_back(names[static_cast<int>(e.type)] + e.object.meta().name);
                             }
                             cv.notify_all();
                           },
                           [](Error) {}});
  auto c = config("a");
  ASSERT_TRUE(client::create(api_, c, Call()).ok());
  ASSERT_TRUE(api_.patch(api::resource_of<ConfigMap>(), "default", "a", client::PatchType::Merge,
                         R"({"metadata":{"labels":{"in":"yes"}}})", {}, Call())
                  .ok());
  ASSERT_TRUE(api_.patch(api::resource_of<ConfigMap>(), "default", "a", client::PatchType::Strategic,
                         R"({"data":{"x":"y"}})", {}, Call())
                  .ok());
  ASSERT_TRUE(api_.patch(api::resource_of<ConfigMap>(), "default", "a", client::PatchType::Json,
                         R"([{"op":"remove","path":"/metadata/labels"}])", {}, Call())
                  .ok());
  Lock lock(m);
  const Deadline deadline = Deadline::after(std::chrono::seconds(5), real_clock());
  while (seen.size() < 3 && !deadline.expired()) cv.wait_until(m, deadline);
  EXPECT_EQ(seen, (std::vector<std::string>{"ADDED a", "MODIFIED a", "DELETED a"}));
}

TEST_F(CoreTest, ClosingAWatchWaitsForNothingThatItsLaneDoes) {
  std::atomic<int> told = 0;
  client::ListOptions options;
  options.resource_version = "1";
  auto watch = api_.watch(
      api::resource_of<ConfigMap>(), options,
      {[&](const std::vector<client::WatchEvent>& events) { told += static_cast<int>(events.size()); },
       [](const Error&) {}});
  // As an encode of somebody else's initial state would hold it.
  StopSource busy, go_on, closed;
  core_.lane().post([&] {
    busy.stop();
    (void)go_on.token().wait_until(Deadline::after(std::chrono::seconds(10), real_clock()));
  });
  ASSERT_TRUE(busy.token().wait_until(Deadline::after(std::chrono::seconds(10), real_clock())));
  Thread closes("closes", [&] {
    watch.reset();
    closed.stop();
  });
  EXPECT_TRUE(closed.token().wait_until(Deadline::after(std::chrono::seconds(5), real_clock())));
  EXPECT_TRUE(client::create(api_, config("late"), Call()).ok());
  go_on.stop();
  closes.join();
  StopSource passed;
  core_.lane().post([&] { passed.stop(); });
  ASSERT_TRUE(passed.token().wait_until(Deadline::after(std::chrono::seconds(10), real_clock())));
  EXPECT_EQ(told, 0) << "and nothing comes after it";
}

TEST_F(CoreTest, ServicesGetDistinctClusterAddresses) {
  std::set<std::string> ips;
  for (int i = 0; i < 20; ++i) {
    api::core::v1::Service s;
    s.metadata.name = "s" + std::to_string(i);
    s.metadata.namespace_ = "default";
    s.spec.ports.emplace_back().port = 80;
    auto made = client::create(api_, s, Call());
    ASSERT_TRUE(made.ok()) << made.error().message();
    ips.insert((*made)->spec.clusterIP);
  }
  EXPECT_EQ(ips.size(), 20u);
}

TEST_F(CoreTest, AddressesThatAreAskedForAreGivenWhereTheyCanBe) {
  const auto make = [&](const std::string& name, const std::string& ip, const std::string& family = "") {
    api::core::v1::Service s;
    s.metadata.name = name;
    s.metadata.namespace_ = "default";
    s.spec.clusterIP = ip;
    s.spec.ports.emplace_back().port = 80;
    if (!family.empty()) s.spec.ipFamilies = {family};
    const auto made = client::create(api_, s, Call());
    return made.ok() ? (*made)->spec.clusterIP : made.error().message();
  };
  const auto refused = [](const std::string& name, const std::string& ip, const std::string& why) {
    return fmt::format(
        "Service \"{}\" is invalid: spec.clusterIPs: Invalid value: [\"{}\"]: failed to allocate IP {}: {}",
        name, ip, ip, why);
  };
  EXPECT_EQ(make("a", "10.96.0.10"), "10.96.0.10");
  EXPECT_EQ(make("b", "10.96.0.10"), refused("b", "10.96.0.10", "provided IP is already allocated"));
  EXPECT_EQ(make("b", "10.95.0.1"),
            refused("b", "10.95.0.1", "the provided network does not match the current range"));
  EXPECT_EQ(make("b", "10.96.0.0"),
            refused("b", "10.96.0.0", "the provided network does not match the current range"))
      << "nor is the network's own address anybody's";
  EXPECT_EQ(make("b", "", "IPv6"),
            "Service \"b\" is invalid: spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this "
            "cluster");
  EXPECT_EQ(make("h", "None"), "None");
  ASSERT_TRUE(api_.remove(api::resource_of<api::core::v1::Service>(), "default", "a", {}, Call()).ok());
  EXPECT_EQ(make("b", "10.96.0.10"), "10.96.0.10") << "free again at once";
}

TEST_F(CoreTest, OfSeveralDefaultPriorityClassesTheLowestCountsAndASecondIsRefused) {
  using api::scheduling::v1::PriorityClass;
  const auto make = [&](const std::string& name, int32_t value) {
    PriorityClass c;
    c.metadata.name = name;
    c.value = value;
    c.globalDefault = true;
    const auto made = client::create(api_, c, Call());
    return made.ok() ? std::string() : made.error().message();
  };
  EXPECT_EQ(make("one", 100), "");
  EXPECT_EQ(make("two", 50),
            "priorityclasses.scheduling.k8s.io \"two\" is forbidden: PriorityClass one is already marked as "
            "default. Only "
            "one default can exist");
  // As a race may leave it: two of them in the store.
  const auto& resource = api::resource_of<PriorityClass>();
  machinery::MutableObject second(PriorityClass::descriptor());
  second.meta().name = "two";
  second.as<PriorityClass>()->value = 50;
  second.as<PriorityClass>()->globalDefault = true;
  ASSERT_TRUE(store_
                  .txn(store::Txn::put(storage_prefix(resource) + "two",
                                       store::make_bytes(encode_stored(resource, second))),
                       Deadline::after(std::chrono::seconds(5), real_clock()))
                  .ok());
  api::core::v1::ServiceAccount account;
  account.metadata.name = "default";
  account.metadata.namespace_ = "default";
  ASSERT_TRUE(client::create(api_, account, Call()).ok());
  api::core::v1::Pod pod;
  pod.metadata.name = "p";
  pod.metadata.namespace_ = "default";
  auto& c = pod.spec.containers.emplace_back();
  c.name = c.image = "c";
  const auto made = client::create(api_, pod, Call());
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_EQ((*made)->spec.priority, 50);
  EXPECT_EQ((*made)->spec.priorityClassName, "two");
}

}  // namespace
}  // namespace mizzen::apiserver
