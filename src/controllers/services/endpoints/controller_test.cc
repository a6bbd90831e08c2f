#include "controllers/services/endpoints/controller.h"

#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/service.h"
#include "api/schema/core/v1/service_account.h"
#include "api/schema/discovery/v1/endpoint_slice.h"
#include "controllers/testing/cluster.h"

namespace mizzen::controllers::endpoints {
namespace {

using api::core::v1::Pod;
using api::core::v1::Service;
using api::core::v1::ServiceAccount;
using api::discovery::v1::EndpointSlice;
using Slices = std::vector<std::shared_ptr<const EndpointSlice>>;

class EndpointsCluster : public testing::Cluster {
 protected:
  EndpointsCluster() : Cluster(make_endpoints_controller) {
    Service s;
    s.metadata.namespace_ = "default";
    s.metadata.name = "web";
    s.spec.selector.set("app", "web");
    s.spec.ports.emplace_back().port = 80;
    EXPECT_TRUE(client::create(api_, std::move(s), {}).ok());
    EXPECT_TRUE(soon([&] { return slices().size() == 1; }));
  }
  Slices slices() {
    Slices out;
    client::ListOptions options;
    options.namespace_ = "default";
    const auto list = api_.list(*client::require_resource<EndpointSlice>(api_), options, {});
    if (list.ok())
      for (const auto& object : list->items) out.push_back(object.share<EndpointSlice>());
    return out;
  }
};

// An answer that was lost makes the controller write a slice once more: of two that say the same one goes,
// and nobody but the slice's own event tells of it.
TEST_F(EndpointsCluster, ASliceTooManyGoes) {
  EndpointSlice again = *slices()[0];
  again.metadata = {};
  again.metadata.namespace_ = "default";
  again.metadata.name = "web-again";
  again.metadata.labels = slices()[0]->metadata.labels;
  again.metadata.ownerReferences = slices()[0]->metadata.ownerReferences;
  ASSERT_TRUE(client::create(api_, std::move(again), {}).ok());
  EXPECT_TRUE(soon([&] { return slices().size() == 1; }));
}

TEST_F(EndpointsCluster, WhatSomebodyElseWroteIsPutRight) {
  EndpointSlice changed = *slices()[0];
  changed.endpoints.emplace_back().addresses = {"192.0.2.66"};
  ASSERT_TRUE(client::update(api_, std::move(changed), {}).ok());
  EXPECT_TRUE(soon([&] { return slices().size() == 1 && slices()[0]->endpoints.empty(); }));
}

class SelectedPods : public EndpointsCluster {
 protected:
  SelectedPods() {
    ServiceAccount account;
    account.metadata.namespace_ = "default";
    account.metadata.name = "default";
    EXPECT_TRUE(client::create(api_, std::move(account), {}).ok());
  }
  void run(const std::string& name, const std::string& app, const std::string& ip) {
    Pod pod;
    pod.metadata.namespace_ = "default";
    pod.metadata.name = name;
    pod.metadata.labels.set("app", app);
    auto& container = pod.spec.containers.emplace_back();
    container.name = "c";
    container.image = "i";
    const auto made = client::create(api_, std::move(pod), {});
    ASSERT_TRUE(made.ok()) << made.error().message();
    Pod running = **made;
    running.status.phase = "Running";
    running.status.podIP = ip;
    running.status.podIPs.emplace_back().ip = ip;
    const auto reported = client::update_status(api_, std::move(running), {});
    ASSERT_TRUE(reported.ok()) << reported.error().message();
  }
  void merge(const char* kind, const std::string& name, const std::string& body) {
    const bool pod = std::string_view(kind) == "pod";
    const auto r =
        pod ? client::patch<Pod>(api_, "default", name, client::PatchType::Merge, body, {}).ok()
            : client::patch<Service>(api_, "default", name, client::PatchType::Merge, body, {}).ok();
    EXPECT_TRUE(r);
  }
  std::string addresses() {
    std::string out;
    for (const auto& slice : slices())
      for (const auto& endpoint : slice->endpoints) out += endpoint.addresses[0] + " ";
    return out;
  }
  bool become(const std::string& expected) {
    return soon([&] { return addresses() == expected; });
  }
};

TEST_F(SelectedPods, FollowTheirLabelsAndTheSelector) {
  run("a", "web", "10.0.0.1");
  run("b", "web", "10.0.0.2");
  run("c", "other", "10.0.0.3");
  EXPECT_TRUE(become("10.0.0.1 10.0.0.2 ")) << addresses();
  merge("pod", "b", R"({"metadata":{"labels":{"app":"other"}}})");
  EXPECT_TRUE(become("10.0.0.1 ")) << addresses();
  merge("service", "web", R"({"spec":{"selector":{"app":"other"}}})");
  EXPECT_TRUE(become("10.0.0.2 10.0.0.3 ")) << addresses();
  merge("service", "web", R"({"spec":{"selector":{"app":"other","tier":"back"}}})");
  EXPECT_TRUE(become("")) << addresses();
  merge("pod", "c", R"({"metadata":{"labels":{"tier":"back"}}})");
  EXPECT_TRUE(become("10.0.0.3 ")) << addresses();
  ASSERT_TRUE(client::remove<Pod>(api_, "default", "c", {}, {}).ok());
  EXPECT_TRUE(become("")) << addresses();
}

}  // namespace
}  // namespace mizzen::controllers::endpoints
