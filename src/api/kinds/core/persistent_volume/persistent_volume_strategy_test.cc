#include "api/kinds/core/persistent_volume/persistent_volume_strategy.h"

#include <gtest/gtest.h>

#include "api/schema/core/v1/persistent_volume.h"
#include "api/testing/checked.h"

namespace mizzen::api {
namespace {

using core::v1::PersistentVolume;

TEST(PersistentVolumeStrategy, SaysSinceWhenItIsInItsPhase) {
  const Checked volumes("", "v1", "persistentvolumes");
  const codec::Time then = *codec::parse_time("2025-01-01T00:00:00Z"),
                    now = *codec::parse_time("2026-01-01T00:00:00Z");
  const std::string spec =
      R"({"spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/x"}})";
  const auto since = [](const Answer& a) {
    const auto& time = a.object.as<PersistentVolume>()->status.lastPhaseTransitionTime;
    return time ? *time : codec::Time();
  };
  EXPECT_EQ(
      since(volumes.answer_create(spec + R"(,"status":{"lastPhaseTransitionTime":"2025-01-01T00:00:00Z"}})")),
      now);
  // An update of the status: old phase, new phase, and what the writer says of the time.
  machinery::MutableObject old = volumes.make(
      spec + R"(,"status":{"phase":"Pending","lastPhaseTransitionTime":"2025-01-01T00:00:00Z"}})");
  const auto after = [&](const std::string& status) {
    machinery::MutableObject next = volumes.make(spec + ",\"status\":" + status + "}");
    persistent_volume_strategy().stamp(next.get(), old.get(), now);
    persistent_volume_strategy().prepare_part_update(Subresource::Status, next.get(), old.get());
    return *next.as<PersistentVolume>()->status.lastPhaseTransitionTime;
  };
  EXPECT_EQ(after(R"({"phase":"Pending"})"), then);
  EXPECT_EQ(after(R"({"phase":"Bound"})"), now);
  EXPECT_EQ(after(R"({"phase":"Bound","lastPhaseTransitionTime":"2025-01-01T00:00:00Z"})"), now);
  EXPECT_EQ(after(R"({"phase":"Bound","lastPhaseTransitionTime":"2025-06-01T00:00:00Z"})"),
            *codec::parse_time("2025-06-01T00:00:00Z"));
}

}  // namespace
}  // namespace mizzen::api
