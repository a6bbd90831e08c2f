#include "api/go_text/go_object.h"

#include <gtest/gtest.h>

#include "api/schema/resource/v1/resource_claim_template.h"
#include "api/schema/resource/v1/resource_slice.h"
#include "api/schema/storage/v1/csi_node.h"
#include "codec/json/json_codec.h"

namespace mizzen::api {
namespace {

template <typename T>
std::string printed(const char* json) {
  const auto object = codec::from_json<T>(json);
  EXPECT_TRUE(object.ok()) << json;
  return go_object(*object);
}

TEST(GoObject, NamesAreGosAndNothingIsLeftOut) {
  EXPECT_EQ(printed<storage::v1::CSINodeDriver>(R"({"name":"d","nodeID":"n","allocatable":{"count":3}})"),
            R"({"Name":"d","NodeID":"n","TopologyKeys":null,"Allocatable":{"Count":3}})");
  EXPECT_EQ(
      printed<resource::v1::DeviceCapacity>(R"({"value":"1Gi","requestPolicy":{"validValues":["1","2"]}})"),
      R"({"Value":"1Gi","RequestPolicy":{"Default":null,"ValidValues":["1","2"],"ValidRange":null}})");
  EXPECT_EQ(
      printed<resource::v1::DeviceTaint>(R"({"key":"k","effect":"None","timeAdded":"2026-01-01T00:00:00Z"})"),
      R"({"Key":"k","Value":"","Effect":"None","TimeAdded":"2026-01-01T00:00:00Z"})");
  EXPECT_EQ(printed<resource::v1::CounterSet>(R"({"name":"c","counters":{"m":{"value":"1"}}})"),
            R"({"Name":"c","Counters":{"m":{"Value":"1"}}})");
}

TEST(GoObject, EmbeddedMetadataKeepsItsTags) {
  EXPECT_EQ(printed<resource::v1::ResourceClaimTemplateSpec>(
                R"({"metadata":{"labels":{"a":"b"}},"spec":{"devices":{}}})"),
            R"({"labels":{"a":"b"},"Spec":{"Devices":{"Requests":null,"Constraints":null,"Config":null}}})");
  EXPECT_EQ(printed<resource::v1::ResourceClaimTemplateSpec>(R"({"spec":{"devices":{}}})"),
            R"({"Spec":{"Devices":{"Requests":null,"Constraints":null,"Config":null}}})");
}

}  // namespace
}  // namespace mizzen::api
