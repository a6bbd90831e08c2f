#include "controllers/nodes/lifecycle/controller.h"

#include <atomic>

#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/service_account.h"
#include "controllers/testing/cluster.h"

namespace mizzen::controllers::nodes {
namespace {

using machinery::Object;
using std::chrono::milliseconds;

/// Refuses so many writes of statuses of pods, as where another wrote first.
std::atomic<int> conflicts = 0;

class Contended final : public client::ApiClient {
 public:
  explicit Contended(client::ApiClient& api) : api_(api) {}
  api::RegistryPtr registry() const override { return api_.registry(); }
  Result<Object> get(const api::ResourceInfo& resource, const std::string& ns, const std::string& name,
                     const client::Call& call) override {
    return api_.get(resource, ns, name, call);
  }
  Result<client::ObjectList> list(const api::ResourceInfo& resource, const client::ListOptions& options,
                                  const client::Call& call) override {
    return api_.list(resource, options, call);
  }
  std::unique_ptr<client::Watch> watch(const api::ResourceInfo& resource, const client::ListOptions& options,
                                       client::WatchSink sink) override {
    return api_.watch(resource, options, std::move(sink));
  }
  Result<Object> create(const api::ResourceInfo& resource, const Object& object,
                        const client::WriteOptions& options, const client::Call& call) override {
    return api_.create(resource, object, options, call);
  }
  Result<Object> update(const api::ResourceInfo& resource, const Object& object,
                        const client::WriteOptions& options, const client::Call& call) override {
    if (object.as<Pod>() && options.subresource == "status" && conflicts.fetch_sub(1) > 0)
      return Error(Code::Conflict, "another was first");
    return api_.update(resource, object, options, call);
  }
  Result<Object> patch(const api::ResourceInfo& resource, const std::string& ns, const std::string& name,
                       client::PatchType type, const std::string& body, const client::WriteOptions& options,
                       const client::Call& call) override {
    return api_.patch(resource, ns, name, type, body, options, call);
  }
  Result<Object> remove(const api::ResourceInfo& resource, const std::string& ns, const std::string& name,
                        const meta::v1::DeleteOptions& options, const client::Call& call) override {
    return api_.remove(resource, ns, name, options, call);
  }

 private:
  client::ApiClient& api_;
};

void add_node(client::ApiClient& api, const std::string& name, const std::string& ready) {
  Node node;
  node.metadata.name = name;
  const auto made = client::create(api, std::move(node), {});
  ASSERT_TRUE(made.ok()) << made.error().message();
  Node reported = **made;
  auto& condition = reported.status.conditions.emplace_back();
  condition.type = "Ready";
  condition.status = ready;
  condition.lastHeartbeatTime = codec::Time{1'700'000'000, 0};
  ASSERT_TRUE(client::update_status(api, std::move(reported), {}).ok());
}

void set_ready(client::ApiClient& api, const std::string& name, const std::string& status) {
  const std::string body = R"({"status":{"conditions":[{"type":"Ready","status":")" + status + R"("}]}})";
  const auto r = client::patch<Node>(api, "", name, client::PatchType::Strategic, body, {},
                                     client::WriteOptions{"status", false, ""});
  ASSERT_TRUE(r.ok()) << r.error().message();
}

/// Pods want it.
void add_account(client::ApiClient& api) {
  api::core::v1::ServiceAccount account;
  account.metadata.namespace_ = "default";
  account.metadata.name = "default";
  ASSERT_TRUE(client::create(api, std::move(account), {}).ok());
}

void add_ready_pod(client::ApiClient& api, const std::string& name, const std::string& node) {
  Pod pod;
  pod.metadata.namespace_ = "default";
  pod.metadata.name = name;
  pod.spec.nodeName = node;
  auto& container = pod.spec.containers.emplace_back();
  container.name = "c";
  container.image = "i";
  const auto made = client::create(api, std::move(pod), {});
  ASSERT_TRUE(made.ok()) << made.error().message();
  Pod reported = **made;
  reported.status.phase = "Running";
  auto& condition = reported.status.conditions.emplace_back();
  condition.type = "Ready";
  condition.status = "True";
  ASSERT_TRUE(client::update_status(api, std::move(reported), {}).ok());
}

class NodesCluster : public testing::Cluster {
 protected:
  explicit NodesCluster(LifecycleOptions options = {},
                        const std::function<void(client::ApiClient&)>& before = nullptr)
      : Cluster(
            [=](Environment& env) {
              add_account(env.api());
              if (before) before(env.api());
              return make_node_lifecycle_controller(env, options);
            },
            [](client::ApiClient& api) { return std::make_unique<Contended>(api); }) {}

  bool is_ready(const std::string& pod) {
    const auto found = client::get<Pod>(api_, "default", pod, {});
    return found.ok() && controllers::is_ready(**found);
  }
  std::string node_ready(const std::string& name) {
    const auto found = client::get<Node>(api_, "", name, {});
    return found.ok() ? (*found)->status.conditions.at(0).status : "";
  }
};

TEST_F(NodesCluster, APodThatAnotherChangedIsMarkedAtTheNextTry) {
  add_node(api_, "n", "True");
  for (const char* pod : {"a", "b", "c"}) add_ready_pod(api_, pod, "n");
  pause(milliseconds(100));
  conflicts = 2;
  set_ready(api_, "n", "False");
  EXPECT_TRUE(soon([&] { return !is_ready("a") && !is_ready("b") && !is_ready("c"); }));
}

/// A manager that begins where another left off.
class AfterARestart : public NodesCluster {
 protected:
  AfterARestart()
      : NodesCluster({}, [](client::ApiClient& api) {
          add_node(api, "lost", "Unknown");
          add_node(api, "unwell", "False");
          add_node(api, "well", "True");
          for (const char* node : {"lost", "unwell", "well"})
            add_ready_pod(api, std::string("on-") + node, node);
        }) {}
};

TEST_F(AfterARestart, PodsOfNodesThatWereLostBeforeAreMarked) {
  EXPECT_TRUE(soon([&] { return !is_ready("on-lost") && !is_ready("on-unwell"); }));
  EXPECT_TRUE(is_ready("on-well"));
}

// The agent's last report may come after the controller looked; and nobody is there to say it once more.
TEST_F(AfterARestart, APodThatSaysReadyOnALostNodeIsMarkedAtTheNextLook) {
  ASSERT_TRUE(soon([&] { return !is_ready("on-lost"); }));
  add_ready_pod(api_, "late", "lost");
  EXPECT_TRUE(soon([&] { return !is_ready("late"); }));
}

class ShortGrace : public NodesCluster {
 protected:
  ShortGrace() : NodesCluster({.grace = milliseconds(300)}) {}
};

TEST_F(ShortGrace, LabelsOfANodeAreNoSignOfLife) {
  add_node(api_, "n", "True");
  EXPECT_TRUE(soon([&] {
    pause(milliseconds(50));
    const std::string body = R"({"metadata":{"annotations":{"at":")" +
                             std::to_string(real_clock().wall().time_since_epoch().count()) + "\"}}}";
    EXPECT_TRUE(client::patch<Node>(api_, "", "n", client::PatchType::Merge, body, {}).ok());
    return node_ready("n") == "Unknown";
  }));
}

}  // namespace
}  // namespace mizzen::controllers::nodes
