#include "controllers/services/kubernetes/decide.h"

#include <gtest/gtest.h>

namespace mizzen::controllers {
namespace {

TEST(KubernetesServiceDecide, PointsAtTheApiAndThenRests) {
  const ApiAddress at{"192.0.2.7", 7443, "10.96.0.1"};
  const auto service = kubernetes_service::wanted_service(at);
  EXPECT_EQ(service.spec.clusterIP, "10.96.0.1");
  EXPECT_EQ(service.spec.ports.at(0).port, 443);
  EXPECT_EQ(service.spec.ports.at(0).targetPort.str(), "7443");
  const auto endpoints = kubernetes_service::corrected(kubernetes_service::Endpoints(), at);
  ASSERT_TRUE(endpoints);
  EXPECT_EQ(endpoints->subsets.at(0).addresses.at(0).ip, "192.0.2.7");
  EXPECT_FALSE(kubernetes_service::corrected(*endpoints, at));
  const auto slice = kubernetes_service::corrected(kubernetes_service::EndpointSlice(), at);
  ASSERT_TRUE(slice);
  EXPECT_EQ(slice->metadata.labels.get("kubernetes.io/service-name"), "kubernetes");
  EXPECT_FALSE(kubernetes_service::corrected(*slice, at));
  EXPECT_EQ(kubernetes_service::corrected(*slice, {"192.0.2.8", 7443, ""})->endpoints.at(0).addresses.at(0),
            "192.0.2.8");
}

}  // namespace
}  // namespace mizzen::controllers
