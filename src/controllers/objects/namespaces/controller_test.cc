#include "controllers/objects/namespaces/controller.h"

#include "api/schema/core/v1/namespace.h"
#include "controllers/testing/cluster.h"

namespace mizzen::controllers {
namespace {

class NamespaceCluster : public testing::Cluster {
 protected:
  NamespaceCluster() : Cluster(namespaces::make_namespace_controller) {}
};

TEST_F(NamespaceCluster, AResourceThatCameLaterIsEmptiedToo) {
  const auto widgets = add_widgets();
  api::core::v1::Namespace ns;
  ns.metadata.name = "x";
  ASSERT_TRUE(client::create(api_, ns, client::Call()).ok());
  api::core::v1::ConfigMap object;
  object.metadata.namespace_ = "x";
  object.metadata.name = "a";
  create(*widgets, object);
  const auto& namespaces = api::resource_of<api::core::v1::Namespace>();
  ASSERT_TRUE(api_.remove(namespaces, "", "x", {}, client::Call()).ok());
  EXPECT_TRUE(soon([&] { return !there(namespaces, "", "x"); }));
  EXPECT_FALSE(there(*widgets, "x", "a"));
}

}  // namespace
}  // namespace mizzen::controllers
