#pragma once
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "api/schema/core/v1/pod.h"
#include "codec/json/json_codec.h"

namespace mizzen::kubelet::testing {

/// A pod from its JSON, as the API server would have made it.
inline api::core::v1::Pod pod_of(const std::string& json) {
  auto out = codec::from_json<api::core::v1::Pod>(json);
  EXPECT_TRUE(out.ok()) << out.error().message();
  out->metadata.uid = "u1";
  out->metadata.namespace_ = "default";
  if (out->spec.restartPolicy.empty()) out->spec.restartPolicy = "Always";
  return std::move(*out);
}

}  // namespace mizzen::kubelet::testing
