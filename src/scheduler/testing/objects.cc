#include "scheduler/testing/objects.h"

#include <gtest/gtest.h>

#include "codec/json/json_codec.h"

namespace mizzen::scheduler::testing {

std::shared_ptr<const api::core::v1::Node> make_node(const std::string& name, const std::string& json) {
  auto out = std::make_shared<api::core::v1::Node>();
  EXPECT_TRUE(codec::decode_json(json, out->descriptor(), out.get()).ok()) << json;
  out->metadata.name = name;
  if (out->status.allocatable.empty())
    out->status.allocatable = {{"cpu", codec::Quantity::of(4)},
                               {"memory", *codec::Quantity::parse("8Gi")},
                               {"pods", codec::Quantity::of(110)}};
  return out;
}

std::shared_ptr<const api::core::v1::Pod> make_pod(const std::string& name, const std::string& json) {
  auto out = std::make_shared<api::core::v1::Pod>();
  EXPECT_TRUE(codec::decode_json(R"({"spec":)" + json + "}", out->descriptor(), out.get()).ok()) << json;
  out->metadata.name = name;
  out->metadata.namespace_ = "default";
  out->metadata.uid = "uid-" + name;
  if (out->spec.containers.empty()) out->spec.containers.emplace_back().name = "c";
  return out;
}

}  // namespace mizzen::scheduler::testing
