#include "controllers/services/endpoints/controller.h"

#include "api/schema/core/v1/service.h"
#include "api/schema/discovery/v1/endpoint_slice.h"
#include "controllers/testing/cluster.h"

namespace mizzen::controllers::endpoints {
namespace {

using api::core::v1::Service;
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

}  // namespace
}  // namespace mizzen::controllers::endpoints
