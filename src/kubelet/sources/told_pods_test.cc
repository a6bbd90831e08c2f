#include "kubelet/sources/told_pods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kubelet/testing/told_sink.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ToldSink;

std::shared_ptr<const Pod> pod(const std::string& name, const std::string& uid) {
  auto out = std::make_shared<Pod>();
  out->metadata.name = name;
  out->metadata.namespace_ = "default";
  out->metadata.uid = uid;
  return out;
}

TEST(ToldPods, TellsEachDifferenceOnceTheEndsFirst) {
  ToldPods told("file");
  ToldSink sink(ToldSink::By::Uid);
  const auto a = pod("a", "1"), b = pod("b", "2");
  told.tell({a, b}, sink);
  EXPECT_THAT(sink.take(), ElementsAre("+1", "+2"));
  told.tell({a, b}, sink);
  EXPECT_THAT(sink.take(), IsEmpty());
  told.tell({a, pod("b", "3")}, sink);
  EXPECT_THAT(sink.take(), ElementsAre("-2", "+3")) << "another pod of the name";
  auto changed = std::make_shared<Pod>(*a);
  changed->spec.hostNetwork = true;
  told.tell({changed}, sink);
  EXPECT_THAT(sink.take(), ElementsAre("-3", "+1")) << "the same pod, changed";
  auto read_again = std::make_shared<Pod>(*changed);
  read_again->metadata.annotations.set(kSeenAnnotation, "later");
  told.tell({read_again}, sink);
  EXPECT_THAT(sink.take(), ::testing::SizeIs(1)) << "it had no time before";
  auto once_more = std::make_shared<Pod>(*read_again);
  once_more->metadata.annotations.set(kSeenAnnotation, "later still");
  told.tell({once_more}, sink);
  EXPECT_THAT(sink.take(), IsEmpty());
}

TEST(ToldPods, OfTwoPodsWithOneNameTheFirstCounts) {
  ToldPods told("file");
  ToldSink sink(ToldSink::By::Uid);
  told.tell({pod("a", "1"), pod("a", "2")}, sink);
  EXPECT_THAT(sink.take(), ElementsAre("+1"));
}

// S2.13
TEST(ToldPods, TheLogSaysWhetherPodsCameAndWentOrChanged) {
  ToldPods told("etcd");
  ToldSink sink(ToldSink::By::Uid);
  log::configure({log::Format::Text, 4, 2});
  ::testing::internal::CaptureStderr();
  told.tell({pod("a", "1")}, sink);
  const std::string added = ::testing::internal::GetCapturedStderr();
  ::testing::internal::CaptureStderr();
  told.tell({pod("a", "2")}, sink);
  const std::string changed = ::testing::internal::GetCapturedStderr();
  ::testing::internal::CaptureStderr();
  told.tell({}, sink);
  const std::string removed = ::testing::internal::GetCapturedStderr();
  log::configure({log::Format::Text, 0, 2});
  EXPECT_THAT(added, ::testing::HasSubstr("SET: Containers changed"));
  EXPECT_THAT(changed, ::testing::HasSubstr("Update: Containers changed"));
  EXPECT_THAT(removed, ::testing::HasSubstr("SET: Containers changed"));
}

}  // namespace
}  // namespace mizzen::kubelet
