#include "api/kinds/core/persistent_volume_claim/claim_update.h"

#include <gtest/gtest.h>

#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

constexpr const char* kAnnotated =
    R"({"metadata":{"annotations":{"volume.beta.kubernetes.io/storage-class":"gold"}},)"
    R"("spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}})";

std::string with_class(const std::string& name, const std::string& annotation) {
  return R"({"metadata":{"annotations":{)" +
         (annotation.empty() ? "" : R"("volume.beta.kubernetes.io/storage-class":")" + annotation + "\"") +
         R"(}},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}},"storageClassName":")" +
         name + R"("}})";
}

TEST(ClaimUpdate, AClassMovesFromTheAnnotationToItsField) {
  const Checked claims("", "v1", "persistentvolumeclaims");
  EXPECT_EQ(claims.update(kAnnotated, with_class("gold", "gold")), Lines());
  EXPECT_EQ(claims.update(kAnnotated, with_class("gold", "")), Lines());
  EXPECT_EQ(claims.update(kAnnotated, with_class("silver", "gold")).size(), 1u);
  EXPECT_EQ(
      claims.update(kAnnotated, with_class("gold", "silver")),
      Lines{
          R"(metadata.annotations.volume.beta.kubernetes.io/storage-class: Invalid value: "silver": field is immutable)"});
}

TEST(ClaimUpdate, ASourceStandsInBothForms) {
  core::v1::PersistentVolumeClaimSpec spec, old;
  spec.dataSource.emplace().kind = "PersistentVolumeClaim";
  settle_data_sources(spec, nullptr);
  EXPECT_EQ(spec.dataSourceRef->kind, "PersistentVolumeClaim");
  spec.dataSource.reset();
  settle_data_sources(spec, nullptr);
  EXPECT_EQ(spec.dataSource->kind, "PersistentVolumeClaim");
  // What is no source goes, unless it stood there before.
  spec.dataSourceRef.reset();
  spec.dataSource->kind = "Odd";
  old.dataSource = spec.dataSource;
  auto kept = spec;
  settle_data_sources(kept, &old);
  EXPECT_EQ(kept.dataSourceRef->kind, "Odd");
  settle_data_sources(spec, nullptr);
  EXPECT_FALSE(spec.dataSource);
}

}  // namespace
}  // namespace mizzen::api
