#include "kubelet/images/pull_records.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "linux/files/file.h"
#include "linux/testing/scratch.h"

namespace mizzen::kubelet {
namespace {

using std::chrono::minutes;

const PullSecret kOwn{"u1", "ns", "s", "h1"};
const PullSecret kOther{"u2", "other", "s", "h2"};

class PullRecordsTest : public ::testing::Test {
 protected:
  void restart() { records.emplace(scratch.at("m"), clock); }
  void pull(const std::string& image, const std::string& ref, const std::optional<PullSecret>& secret) {
    ASSERT_TRUE(records->begin(image).ok());
    records->pulled(image, ref, secret);
  }
  size_t files(const std::string& folder) {
    const auto names = linux::list_folder(scratch.at("m/") + folder);
    return names.ok() ? names->size() : 0;
  }
  linux::ScratchFolder scratch;
  ManualClock clock;
  std::optional<PullRecords> records{std::in_place, scratch.at("m"), clock};
};

TEST_F(PullRecordsTest, WhatWasNeverPulledHereIsForEverybody) {
  EXPECT_TRUE(records->may_use("nginx:1", "sha256:1", {}));
}

TEST_F(PullRecordsTest, WhatASecretPulledIsForThoseWhoHaveIt) {
  pull("r.io/a:1", "sha256:1", kOwn);
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(records->may_use("r.io/a:1", "sha256:1", {})) << i;
    EXPECT_FALSE(records->may_use("r.io/a:1", "sha256:1", {kOther}));
    EXPECT_TRUE(records->may_use("r.io/a:2", "sha256:1", {kOther, kOwn})) << "its tag does not matter";
    EXPECT_FALSE(records->may_use("r.io/b:1", "sha256:1", {kOwn})) << "the same layers of another repository";
    restart();  // it stands on the disk
  }
  EXPECT_EQ(files("pulling"), 0u);
  pull("r.io/a:1", "sha256:1", std::nullopt);
  restart();
  EXPECT_TRUE(records->may_use("r.io/a:1", "sha256:1", {})) << "somebody got it without a secret";
}

TEST_F(PullRecordsTest, ASecretOfTheSameContentOrNameIsRemembered) {
  pull("r.io/a:1", "sha256:1", kOwn);
  const PullSecret copy{"u3", "third", "copy", "h1"};
  EXPECT_TRUE(records->may_use("r.io/a:1", "sha256:1", {copy}));
  PullSecret rotated = kOwn;
  rotated.hash = "h9";
  EXPECT_TRUE(records->may_use("r.io/a:1", "sha256:1", {rotated}));
  restart();
  EXPECT_TRUE(records->may_use("r.io/a:1", "sha256:1", {{"u4", "x", "y", "h9"}})) << "the new content counts";
  PullSecret changed = copy;
  changed.hash = "h8";
  EXPECT_TRUE(records->may_use("r.io/a:1", "sha256:1", {changed}));
}

TEST_F(PullRecordsTest, ADeathInBetweenLeavesTheImageToThoseWhoProveThemselves) {
  ASSERT_TRUE(records->begin("r.io/a:1").ok());
  restart();
  EXPECT_FALSE(records->may_use("r.io/a:1", "sha256:1", {kOwn}));
  records->adopt({{"r.io/other:1", "sha256:2"}});
  EXPECT_EQ(files("pulling"), 1u) << "not there yet";
  records->adopt({{"r.io/a:1", "sha256:1"}});
  EXPECT_EQ(files("pulling"), 0u);
  EXPECT_FALSE(records->may_use("r.io/a:1", "sha256:1", {kOwn}));
  pull("r.io/a:1", "sha256:1", kOwn);
  EXPECT_TRUE(records->may_use("r.io/a:1", "sha256:1", {kOwn}));
}

TEST_F(PullRecordsTest, AFailedPullLeavesNothingAndSeveralEndWithTheLast) {
  ASSERT_TRUE(records->begin("r.io/a:1").ok());
  ASSERT_TRUE(records->begin("r.io/a:1").ok());
  records->failed("r.io/a:1");
  EXPECT_EQ(files("pulling"), 1u);
  records->failed("r.io/a:1");
  EXPECT_EQ(files("pulling"), 0u);
  EXPECT_TRUE(records->may_use("r.io/a:1", "sha256:1", {}));
}

TEST_F(PullRecordsTest, WhatWasCutOffMayHaveComeAllTheSame) {
  ASSERT_TRUE(records->begin("r.io/a:1").ok());
  records->cut_off("r.io/a:1");
  EXPECT_FALSE(records->may_use("r.io/a:1", "sha256:1", {}));
  clock.advance(PullRecords::kIntentKept);
  records->adopt({});
  EXPECT_EQ(files("pulling"), 1u);
  clock.advance(minutes(1));
  records->adopt({});
  EXPECT_EQ(files("pulling"), 0u) << "it did not come";
}

TEST_F(PullRecordsTest, RecordsGoWithTheirImages) {
  pull("r.io/a:1", "sha256:1", kOwn);
  clock.advance(minutes(10));
  pull("r.io/b:1", "sha256:2", kOwn);
  records->prune({"sha256:3"}, clock.wall() - minutes(5));
  EXPECT_EQ(files("pulled"), 1u) << "what was just pulled may not be listed yet";
  EXPECT_TRUE(records->may_use("r.io/a:1", "sha256:1", {}));
  EXPECT_FALSE(records->may_use("r.io/b:1", "sha256:2", {}));
}

TEST(RepositoryOf, LeavesOutTagsAndNamesTheRegistry) {
  EXPECT_EQ(repository_of("nginx"), "docker.io/library/nginx");
  EXPECT_EQ(repository_of("nginx:1@sha256:00"), "docker.io/library/nginx");
  EXPECT_EQ(repository_of("team/app:1"), "docker.io/team/app");
  EXPECT_EQ(repository_of("r.io:5000/app:1"), "r.io:5000/app");
  EXPECT_EQ(repository_of("localhost/app"), "localhost/app");
}

}  // namespace
}  // namespace mizzen::kubelet
