#include "kubelet/sources/document_pods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "kubelet/testing/told_sink.h"
#include "linux/testing/scratch.h"

namespace mizzen::kubelet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ToldSink;
using ::testing::UnorderedElementsAre;

std::string manifest(const std::string& name) {
  return R"({"version":"v1beta1","id":")" + name + R"(","containers":[{"name":"a","image":"i"}]})";
}

class FakeFeed final : public ManifestFeed {
 public:
  std::string source() const override { return "etcd"; }
  std::string place() const override { return "/registry/nodes/n/boundpods"; }
  void start(std::function<void(Result<std::string>)> told) override { tell = std::move(told); }
  void stop() override { stopped = true; }
  std::function<void(Result<std::string>)> tell;
  bool stopped = false;
};

TEST(DocumentPods, OfAFeedFollowItsTextAndKeepWhatWasWhereItIsNone) {
  ManualClock clock;
  ToldSink told;
  FakeFeed feed;
  FeedPods pods(clock, feed, "n");
  pods.start(told);
  EXPECT_FALSE(pods.asked());
  feed.tell(Error(Code::ServiceUnavailable, "away"));
  EXPECT_TRUE(pods.asked());
  EXPECT_FALSE(pods.synced()) << "nothing is known: nothing may end";
  feed.tell("[" + manifest("a") + "," + manifest("b") + "]");
  EXPECT_TRUE(pods.synced());
  EXPECT_THAT(told.take(), UnorderedElementsAre("+a-n", "+b-n"));
  feed.tell(std::string("{"));
  feed.tell(Error(Code::ServiceUnavailable, "away"));
  EXPECT_THAT(told.take(), IsEmpty());
  feed.tell("[" + manifest("b") + "]");
  EXPECT_THAT(told.take(), ElementsAre("-a-n"));
  feed.tell(std::string());
  EXPECT_THAT(told.take(), ElementsAre("-b-n")) << "the key is gone";
  pods.stop();
  EXPECT_TRUE(feed.stopped);
  feed.tell(manifest("c"));
  EXPECT_THAT(told.take(), IsEmpty());
}

// S2.5
TEST(DocumentPods, APushSaysAllPodsAndIsRememberedByTheNextAgent) {
  linux::ScratchFolder scratch;
  ManualClock clock;
  ToldSink told;
  {
    PushedPods pods(clock, "n", scratch.at("pushed"));
    pods.start(told);
    EXPECT_TRUE(pods.synced());
    ASSERT_TRUE(pods.push(manifest("a")).ok());
    EXPECT_THAT(told.take(), ElementsAre("+a-n"));
    EXPECT_FALSE(pods.push("{").ok());
    EXPECT_FALSE(pods.push("").ok());
    EXPECT_THAT(told.take(), IsEmpty());
    ASSERT_TRUE(pods.push(manifest("b")).ok());
    EXPECT_THAT(told.take(), ElementsAre("-a-n", "+b-n"));
  }
  PushedPods again(clock, "n", scratch.at("pushed"));
  again.start(told);
  EXPECT_THAT(told.take(), ElementsAre("+b-n"));
  ASSERT_TRUE(again.push(R"({"apiVersion":"v1","kind":"PodList","items":[]})").ok());
  EXPECT_THAT(told.take(), ElementsAre("-b-n"));
}

}  // namespace
}  // namespace mizzen::kubelet
