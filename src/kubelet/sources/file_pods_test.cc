#include "kubelet/sources/file_pods.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "kubelet/testing/told_sink.h"
#include "linux/testing/scratch.h"

namespace mizzen::kubelet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ToldSink;

/// Runs what is posted at once.
class AtOnce final : public Executor {
 public:
  bool post(std::function<void()> f) override {
    f();
    return true;
  }
};

std::string manifest(const std::string& name, const std::string& image = "nginx") {
  return fmt::format(
      "apiVersion: v1\nkind: Pod\nmetadata: {{name: {}}}\nspec: {{containers: [{{name: a, image: {}}}]}}\n",
      name, image);
}

class FilePodsTest : public ::testing::Test {
 protected:
  FilePodsTest() { EXPECT_TRUE(make_folders(scratch_.at("pods")).ok()); }
  void write(const std::string& name, const std::string& text) {
    EXPECT_TRUE(write_file(scratch_.at("pods/" + name), text).ok());
  }
  std::vector<std::string> look() {
    clock_.advance(std::chrono::seconds(1));
    alarms_.tick();
    return told_.take();
  }
  std::unique_ptr<FilePods> source(const std::string& path = "pods") {
    auto out = std::make_unique<FilePods>(FilePods::Deps{disk_, alarms_, clock_},
                                          FilePods::Options{.path = scratch_.at(path), .node_name = "n"});
    out->start(told_);
    return out;
  }
  linux::ScratchFolder scratch_;
  ManualClock clock_;
  Alarms alarms_{clock_, {}};
  AtOnce disk_;
  ToldSink told_;
};

TEST_F(FilePodsTest, TellsWhatFilesDeclareAndEachChangeOnce) {
  write("b.yaml", manifest("b"));
  write(
      "a.json",
      R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"c","image":"x"}]}})");
  write(".hidden", manifest("hidden"));
  ASSERT_TRUE(make_folders(scratch_.at("pods/folder")).ok());
  const auto files = source();
  EXPECT_FALSE(files->synced());
  EXPECT_THAT(look(), ::testing::UnorderedElementsAre("+a-n", "+b-n"));
  EXPECT_TRUE(files->synced());
  EXPECT_THAT(look(), IsEmpty());
  write("b.yaml", manifest("b", "nginx:2"));
  EXPECT_THAT(look(), ElementsAre("-b-n", "+b-n")) << "another pod of the same name";
  ASSERT_EQ(::unlink(scratch_.at("pods/b.yaml").c_str()), 0);
  EXPECT_THAT(look(), ElementsAre("-b-n"));
}

TEST_F(FilePodsTest, AFileThatIsNoPodAnyMoreEndsNothing) {
  write("a.yaml", manifest("a"));
  const auto files = source();
  EXPECT_THAT(look(), ElementsAre("+a-n"));
  write("a.yaml", "apiVersion: v1\nkind: Pod\nmeta");
  write("never.yaml", "[");
  EXPECT_THAT(look(), IsEmpty());
  write("a.yaml", manifest("a"));
  EXPECT_THAT(look(), IsEmpty()) << "the same as before";
}

TEST_F(FilePodsTest, TwoFilesOfOneNameAreOnePod) {
  write("a.yaml", manifest("same"));
  write("b.yaml", manifest("same"));
  const auto files = source();
  EXPECT_THAT(look(), ElementsAre("+same-n"));
  ASSERT_EQ(::unlink(scratch_.at("pods/a.yaml").c_str()), 0);
  EXPECT_THAT(look(), ElementsAre("-same-n", "+same-n"));
}

TEST_F(FilePodsTest, AUidThatComesToAnotherNameIsAnotherPod) {
  const auto named = [](const std::string& name) {
    return fmt::format(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {}, uid: mine}}\nspec: {{containers: [{{name: a, "
        "image: "
        "nginx}}]}}\n",
        name);
  };
  write("a", named("one"));
  const auto files = source();
  EXPECT_THAT(look(), ElementsAre("+one-n"));
  write("a", named("other"));
  EXPECT_THAT(look(), ElementsAre("-one-n", "+other-n"));
}

TEST_F(FilePodsTest, MoreFilesThanCountEndNothingAndHideNothing) {
  write("m", manifest("m"));
  for (size_t i = 0; i < FilePods::kFilesMax + 10; ++i) write(fmt::format(".{}", i), "");
  const auto files = source();
  EXPECT_THAT(look(), ElementsAre("+m-n")) << "names that are passed over count for nothing";
  for (size_t i = 0; i < FilePods::kFilesMax + 10; ++i) write(fmt::format("a{}", i), "no pod");
  write("z", manifest("z"));
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_TRUE(files->synced());
}

TEST_F(FilePodsTest, APathThatCannotBeReadKeepsNobodyWaiting) {
  write("m", manifest("m"));
  const auto files = source("pods/m/below");
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_FALSE(files->synced()) << "nothing says what it holds";
  EXPECT_TRUE(files->asked());
}

TEST_F(FilePodsTest, APathThatIsNotThereIsNoPodAndOneFileIsOne) {
  const auto none = source("absent");
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_TRUE(none->synced());
  none->stop();
  write("one.yaml", manifest("one"));
  const auto one = source("pods/one.yaml");
  EXPECT_THAT(look(), ElementsAre("+one-n"));
  one->stop();
  ASSERT_EQ(::unlink(scratch_.at("pods/one.yaml").c_str()), 0);
  EXPECT_THAT(look(), IsEmpty()) << "stopped: nothing is told";
}

// S0.14
TEST_F(FilePodsTest, InAFolderOnlyManifestsCount) {
  write("a.yaml", manifest("a"));
  write("b.txt", manifest("b"));
  write("c.yaml.bak", manifest("c"));
  write("d", manifest("d"));
  write("e.manifest", manifest("e"));
  const auto files = source();
  EXPECT_THAT(look(), ::testing::UnorderedElementsAre("+a-n", "+d-n", "+e-n"));
}

TEST_F(FilePodsTest, AListInAFileIsItsPods) {
  write("a.yaml",
        R"([{"version":"v1beta1","id":"x","containers":[{"name":"c","image":"i"}]},
            {"version":"v1beta1","id":"y","containers":[{"name":"c","image":"i"}]}])");
  const auto files = source();
  EXPECT_THAT(look(), ::testing::UnorderedElementsAre("+x-n", "+y-n"));
  write("a.yaml", R"([{"version":"v1beta1","id":"y","containers":[{"name":"c","image":"i"}]}])");
  EXPECT_THAT(look(), ElementsAre("-x-n"));
}

// S2.2
TEST_F(FilePodsTest, WithTheKernelsHelpAChangeIsSeenLongBeforeThePeriodEnds) {
  FilePods files(
      {disk_, alarms_, clock_},
      {.path = scratch_.at("pods"), .node_name = "n", .period = std::chrono::hours(1), .watch = true});
  files.start(told_);
  EXPECT_THAT(look(), IsEmpty());
  write("a.yaml", manifest("a"));
  std::vector<std::string> seen;
  for (int i = 0; i < 500 && seen.empty(); ++i) {
    ::usleep(10'000);
    seen = look();
  }
  EXPECT_THAT(seen, ElementsAre("+a-n")) << "after seconds of an hour";
  files.stop();
}

}  // namespace
}  // namespace mizzen::kubelet
