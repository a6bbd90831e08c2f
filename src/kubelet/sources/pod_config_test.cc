#include "kubelet/sources/pod_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kubelet/testing/pod_of.h"

namespace mizzen::kubelet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FakeSource final : public PodSource {
 public:
  explicit FakeSource(std::string name) : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  void start(PodSink& s) override { sink = &s; }
  void stop() override {}
  bool synced() const override { return ready; }
  bool asked() const override { return ready || unreadable; }
  PodSink* sink = nullptr;
  bool ready = false, unreadable = false;

 private:
  const std::string name_;
};

std::shared_ptr<const Pod> pod(const std::string& name, const std::string& uid,
                               const std::string& annotations = "{}") {
  Pod out = testing::pod_of(R"({"metadata":{"annotations":)" + annotations + "}}");
  out.metadata.name = name;
  out.metadata.uid = uid;
  return std::make_shared<const Pod>(std::move(out));
}

class PodConfigTest : public ::testing::Test {
 protected:
  PodConfigTest() {
    auto api = std::make_unique<FakeSource>("api");
    auto file = std::make_unique<FakeSource>("file");
    api_ = api.get();
    file_ = file.get();
    config_.add(std::move(api));
    config_.add(std::move(file));
    config_.start();
  }
  std::vector<std::string> take() { return std::exchange(lines_, {}); }
  std::vector<std::string> lines_;
  PodConfig config_{{.upsert =
                         [this](const auto& p) {
                           lines_.push_back("+" + p->metadata.name + (is_static(*p) ? " static" : ""));
                         },
                     .observe = [this](const auto& p) { lines_.push_back("?" + p->metadata.name); },
                     .gone = [this](const auto& p) { lines_.push_back("-" + p->metadata.name); },
                     .mirror =
                         [this](const auto& p, bool there) {
                           lines_.push_back((there ? "mirror " : "no mirror ") + p->metadata.name);
                         }}};
  FakeSource* api_;
  FakeSource* file_;
};

TEST_F(PodConfigTest, EverySourceHasToBeHeard) {
  EXPECT_FALSE(config_.synced());
  api_->ready = true;
  EXPECT_FALSE(config_.synced());
  file_->ready = true;
  EXPECT_TRUE(config_.synced());
  file_->ready = false;
  EXPECT_FALSE(config_.asked());
  file_->unreadable = true;
  EXPECT_TRUE(config_.asked()) << "what cannot be read holds up nobody";
  EXPECT_FALSE(config_.synced()) << "but what it had may be wanted";
  EXPECT_FALSE(PodConfig({}).synced()) << "no source: nobody was heard";
}

TEST_F(PodConfigTest, OneSourceIsHeardByItself) {
  file_->ready = true;
  EXPECT_TRUE(config_.synced("file"));
  EXPECT_FALSE(config_.synced("api"));
  EXPECT_FALSE(config_.synced("http")) << "a source of before: anybody may have its pods now";
  api_->ready = true;
  EXPECT_TRUE(config_.synced("http"));
}

TEST_F(PodConfigTest, APodBelongsToWhoToldItFirst) {
  api_->sink->upsert(pod("a", "1"));
  file_->sink->upsert(pod("b", "1"));
  file_->sink->gone(pod("b", "1"));
  api_->sink->observe(pod("a", "1"));
  EXPECT_THAT(take(), ElementsAre("+a", "?a"));
  api_->sink->gone(pod("a", "1"));
  file_->sink->upsert(pod("b", "1"));
  EXPECT_THAT(take(), ElementsAre("-a", "+b"));
}

TEST_F(PodConfigTest, MirrorsAreShownAndNeverRun) {
  const auto mirror =
      pod("m", "1", R"({"kubernetes.io/config.mirror":"x","kubernetes.io/config.source":"file"})");
  api_->sink->upsert(mirror);
  api_->sink->observe(mirror);
  api_->sink->gone(mirror);
  EXPECT_THAT(take(), ElementsAre("mirror m", "mirror m", "no mirror m"));
}

TEST_F(PodConfigTest, OnlyTheNodeSaysWhereAPodCameFrom) {
  api_->sink->upsert(pod("liar", "1", R"({"kubernetes.io/config.source":"file"})"));
  file_->sink->upsert(pod("true", "2", R"({"kubernetes.io/config.source":"file"})"));
  EXPECT_THAT(take(), ElementsAre("+liar", "+true static"));
}

}  // namespace
}  // namespace mizzen::kubelet
