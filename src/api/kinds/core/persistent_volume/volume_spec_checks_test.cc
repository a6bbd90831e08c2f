#include "api/kinds/core/persistent_volume/volume_spec_checks.h"

#include <gtest/gtest.h>

#include "codec/json/json_codec.h"

namespace mizzen::api {
namespace {

std::string wrong(const std::string& json, VolumePlace place) {
  machinery::FieldErrors errors;
  check_volume_spec(*codec::from_json<core::v1::PersistentVolumeSpec>(json), "x", place,
                    machinery::Path("spec"), errors);
  return errors.text();
}

TEST(VolumeSpecChecks, TheRootOfAHostIsNotRecycled) {
  const auto recycled = [](const std::string& path) {
    return wrong(R"({"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],)"
                 R"("persistentVolumeReclaimPolicy":"Recycle","hostPath":{"path":")" +
                     path + R"("}})",
                 VolumePlace::Volume);
  };
  const std::string refused =
      "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'";
  for (const char* root : {"/", "//", "/.", "/./"}) EXPECT_EQ(recycled(root), refused) << root;
  for (const char* other : {"/a", "a", "//a/."}) EXPECT_EQ(recycled(other), "") << other;
}

TEST(VolumeSpecChecks, ALocalVolumeInPlaceHasNoAffinity) {
  EXPECT_EQ(
      wrong(R"({"accessModes":["ReadWriteOnce"],"local":{"path":"/x"},"nodeAffinity":{"required":{}}})",
            VolumePlace::Inline),
      "[spec.csi: Required value: has to be specified in the context of inline volumes, spec.nodeAffinity: "
      "Forbidden: may not be specified in the context of inline volumes, spec.nodeAffinity: Required value: "
      "Local volume requires node affinity]");
}

}  // namespace
}  // namespace mizzen::api
