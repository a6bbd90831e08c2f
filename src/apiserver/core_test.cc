#include "apiserver/core.h"

#include <gtest/gtest.h>

#include "api/schema/core/v1/config_map.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/service.h"
#include "apiserver/loopback.h"
#include "store/memory/memory_store.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::ConfigMap;
using client::Call;

class CoreTest : public testing::Test {
 protected:
  CoreTest() : core_({store_, real_clock(), secure_random(), api::builtin()}, {}), api_(core_, "test") {
    const auto r = core_.start(Deadline::after(std::chrono::seconds(5)));
    EXPECT_TRUE(r.ok()) << r.error().message();
  }
  ConfigMap config(const std::string& name) {
    ConfigMap c;
    c.metadata.name = name;
    c.metadata.namespace_ = "default";
    c.data.set("k", "v");
    return c;
  }

  store::MemoryStore store_;
  Core core_;
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
  const Deadline deadline = Deadline::after(std::chrono::seconds(5));
  while (seen.size() < 3 && !deadline.expired()) cv.wait_until(m, deadline);
  EXPECT_EQ(seen, (std::vector<std::string>{"ADDED a", "MODIFIED a", "DELETED a"}));
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

}  // namespace
}  // namespace mizzen::apiserver
