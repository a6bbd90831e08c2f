#include "volumes/volumes.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "base/file.h"
#include "codec/json/json_codec.h"
#include "linux/files/file.h"
#include "linux/files/mounts.h"
#include "linux/testing/scratch.h"
#include "volumes/content/atomic_writer.h"
#include "volumes/plugins/host_path.h"

namespace mizzen::volumes {
namespace {

namespace v1 = api::core::v1;
using ::testing::HasSubstr;

class Objects final : public ObjectSource {
 public:
  Result<std::shared_ptr<const v1::ConfigMap>> config_map(const std::string&,
                                                          const std::string& name) override {
    if (!maps.contains(name)) return Error(Code::NotFound, fmt::format("configmap \"{}\" not found", name));
    return std::make_shared<const v1::ConfigMap>(maps[name]);
  }
  Result<std::shared_ptr<const v1::Secret>> secret(const std::string&, const std::string& name) override {
    if (!secrets.contains(name)) return Error(Code::NotFound, fmt::format("secret \"{}\" not found", name));
    return std::make_shared<const v1::Secret>(secrets[name]);
  }
  Result<std::string> service_account_token(const v1::Pod& pod,
                                            const v1::ServiceAccountTokenProjection& wanted) override {
    if (token.empty()) return Error(Code::ServiceUnavailable, "failed to fetch token: away");
    return fmt::format("{} of {} for {}, {} s", token, pod.spec.serviceAccountName, wanted.audience,
                       wanted.expirationSeconds.value_or(0));
  }
  std::string token = "token";  ///< empty: there is none
  std::map<std::string, v1::ConfigMap> maps;
  std::map<std::string, v1::Secret> secrets;
};

v1::Volume volume(const std::string& json) {
  auto out = codec::from_json<v1::Volume>(json);
  EXPECT_TRUE(out.ok()) << out.error().message();
  return std::move(*out);
}

std::string target_of(const std::string& link) {
  char buffer[4096];
  const auto n = ::readlink(link.c_str(), buffer, sizeof buffer);
  return n > 0 ? std::string(buffer, static_cast<size_t>(n)) : "";
}

unsigned mode_of(const std::string& path) {
  struct stat st{};
  return ::stat(path.c_str(), &st) == 0 ? st.st_mode & 07777 : 0;
}

class VolumesTest : public ::testing::Test {
 protected:
  VolumesTest() {
    pod_.metadata.name = "web";
    pod_.metadata.namespace_ = "default";
    pod_.metadata.uid = "u1";
    pod_.metadata.labels.set("app", "a \"quoted\" one");
    pod_.metadata.labels.set("tier", "front");
    objects_.maps["settings"].data.set("one", "1");
    objects_.maps["settings"].data.set("two", "2");
    objects_.maps["settings"].binaryData.set("blob", std::string("\0\1", 2));
    objects_.secrets["password"].data.set("key", "hunter2");
  }
  PayloadContext context() { return {pod_, objects_, allocatable_, memory_bytes_max_}; }
  Result<ReadyVolume> set_up(const std::string& json) {
    const v1::Volume wanted = volume(json);
    MZ_TRY(volumes_.set_up(wanted, context()));
    EXPECT_TRUE(volumes_.stands(wanted, pod_)) << json;
    return volumes_.ready(wanted, pod_);
  }
  linux::ScratchFolder scratch_;
  ManualClock clock_;
  v1::Pod pod_;
  Objects objects_;
  Allocatable allocatable_;
  uint64_t memory_bytes_max_ = 0;
  Volumes volumes_{scratch_.at("pods"), clock_, secure_random()};
};

TEST_F(VolumesTest, ConfigMapShowsEveryKeyAndSwapsAtOnce) {
  const char* json = R"({"name":"v","configMap":{"name":"settings","defaultMode":420}})";
  auto ready = set_up(json);
  ASSERT_TRUE(ready.ok()) << ready.error().message();
  EXPECT_TRUE(ready->read_only);
  EXPECT_EQ(*read_file(ready->host_path + "/one"), "1");
  EXPECT_EQ(*read_file(ready->host_path + "/blob"), std::string("\0\1", 2));
  EXPECT_EQ(target_of(ready->host_path + "/one"), "..data/one");
  const std::string first = target_of(ready->host_path + "/..data");
  EXPECT_THAT(first, ::testing::StartsWith("..2023_11_14_"));
  EXPECT_EQ(mode_of(ready->host_path + "/one"), 0644u);

  ASSERT_TRUE(set_up(json).ok());
  EXPECT_EQ(target_of(ready->host_path + "/..data"), first) << "unchanged content is not written again";

  objects_.maps["settings"].data.set("one", "new");
  objects_.maps["settings"].data.erase("two");
  ASSERT_TRUE(set_up(json).ok());
  EXPECT_EQ(*read_file(ready->host_path + "/one"), "new");
  EXPECT_FALSE(path_exists(ready->host_path + "/two"));
  EXPECT_FALSE(path_exists(ready->host_path + "/" + first)) << "the old folder is gone";
}

TEST_F(VolumesTest, ItemsChooseKeysPathsAndModes) {
  auto ready = set_up(
      R"({"name":"v","configMap":{"name":"settings","items":[{"key":"one","path":"conf/deep/one.cfg","mode":256}]}})");
  ASSERT_TRUE(ready.ok());
  EXPECT_EQ(*read_file(ready->host_path + "/conf/deep/one.cfg"), "1");
  EXPECT_EQ(mode_of(ready->host_path + "/conf/deep/one.cfg"), 0400u);
  EXPECT_EQ(target_of(ready->host_path + "/conf"), "..data/conf");
  EXPECT_FALSE(path_exists(ready->host_path + "/two"));
  auto missing =
      set_up(R"({"name":"w","configMap":{"name":"settings","items":[{"key":"nine","path":"x"}]}})");
  EXPECT_EQ(missing.error().message(), "configmap references non-existent config key: nine");
}

TEST_F(VolumesTest, AbsentObjectIsAnErrorUnlessOptional) {
  EXPECT_EQ(set_up(R"({"name":"v","configMap":{"name":"absent"}})").error().message(),
            "configmap \"absent\" not found");
  auto ready = set_up(R"({"name":"v","configMap":{"name":"absent","optional":true}})");
  ASSERT_TRUE(ready.ok());
  EXPECT_TRUE(path_exists(ready->host_path));
}

TEST_F(VolumesTest, PathsThatLeaveTheVolumeAreRefused) {
  for (const char* path : {"../x", "/x", "a/../../x", "..hidden", ""}) {
    auto ready = set_up(fmt::format(
        R"({{"name":"v","configMap":{{"name":"settings","items":[{{"key":"one","path":"{}"}}]}}}})", path));
    EXPECT_FALSE(ready.ok()) << path;
  }
}

TEST_F(VolumesTest, SecretLivesInMemoryAndProjectedJoinsSources) {
  if (!linux::is_root()) GTEST_SKIP() << "needs root";
  auto ready = set_up(R"({"name":"s","secret":{"secretName":"password"}})");
  ASSERT_TRUE(ready.ok()) << ready.error().message();
  EXPECT_TRUE(*linux::is_mount_point(ready->host_path));
  EXPECT_EQ(*read_file(ready->host_path + "/key"), "hunter2");
  auto joined = set_up(
      R"({"name":"p","projected":{"sources":[{"secret":{"name":"password"}},{"configMap":{"name":"settings"}},
    {"downwardAPI":{"items":[{"path":"labels","fieldRef":{"fieldPath":"metadata.labels"}}]}}]}})");
  ASSERT_TRUE(joined.ok()) << joined.error().message();
  EXPECT_EQ(*read_file(joined->host_path + "/key"), "hunter2");
  EXPECT_EQ(*read_file(joined->host_path + "/labels"), "app=\"a \\\"quoted\\\" one\"\ntier=\"front\"");
}

TEST_F(VolumesTest, EmptyDirKeepsItsContentAndMemoryHasItsLimit) {
  auto ready = set_up(R"({"name":"e","emptyDir":{}})");
  ASSERT_TRUE(ready.ok());
  EXPECT_EQ(mode_of(ready->host_path), 0777u);
  ASSERT_TRUE(write_file(ready->host_path + "/f", "kept").ok());
  ASSERT_TRUE(set_up(R"({"name":"e","emptyDir":{}})").ok());
  EXPECT_EQ(*read_file(ready->host_path + "/f"), "kept");
  if (!linux::is_root()) GTEST_SKIP() << "needs root";
  auto memory = set_up(R"({"name":"m","emptyDir":{"medium":"Memory","sizeLimit":"1Mi"}})");
  ASSERT_TRUE(memory.ok());
  EXPECT_EQ(linux::disk_space(memory->host_path)->bytes, 1u << 20);
}

TEST_F(VolumesTest, AnEmptyDirOfAnotherMediumIsRefusedByItsName) {
  for (const char* medium : {"HugePages", "HugePages-2Mi"}) {
    const auto wanted = volume(fmt::format(R"({{"name":"e","emptyDir":{{"medium":"{}"}}}})", medium));
    EXPECT_EQ(volumes_.set_up(wanted, context()).error().message(),
              fmt::format("emptyDir medium {} is not supported by this node yet", medium));
    EXPECT_FALSE(volumes_.stands(wanted, pod_));
  }
}

TEST_F(VolumesTest, WhatIsInMemoryTakesNoMoreThanThePodMay) {
  if (!linux::is_root()) GTEST_SKIP() << "needs root";
  memory_bytes_max_ = 4u << 20;
  const std::pair<const char*, uint64_t> cases[] = {
      {R"({"name":"none","emptyDir":{"medium":"Memory"}})", 4u << 20},
      {R"({"name":"zero","emptyDir":{"medium":"Memory","sizeLimit":"0"}})", 4u << 20},
      {R"({"name":"less","emptyDir":{"medium":"Memory","sizeLimit":"1Mi"}})", 1u << 20},
      {R"({"name":"more","emptyDir":{"medium":"Memory","sizeLimit":"8Mi"}})", 4u << 20},
      {R"({"name":"s","secret":{"secretName":"password"}})", 4u << 20}};
  for (const auto& [json, bytes] : cases) {
    const auto ready = set_up(json);
    ASSERT_TRUE(ready.ok()) << json << ": " << ready.error().message();
    EXPECT_EQ(linux::disk_space(ready->host_path)->bytes, bytes) << json;
  }
}

TEST_F(VolumesTest, FsGroupOwnsTheVolume) {
  if (!linux::is_root()) GTEST_SKIP() << "needs root";
  pod_.spec.securityContext.ensure().fsGroup = 2000;
  auto ready = set_up(R"({"name":"e","emptyDir":{}})");
  struct stat st{};
  ASSERT_EQ(::stat(ready->host_path.c_str(), &st), 0);
  EXPECT_EQ(st.st_gid, 2000u);
  EXPECT_EQ(st.st_mode & 07777, 02777u);
  auto map = set_up(R"({"name":"v","configMap":{"name":"settings","defaultMode":256}})");
  ASSERT_EQ(::stat((map->host_path + "/one").c_str(), &st), 0);
  EXPECT_EQ(st.st_gid, 2000u);
  EXPECT_EQ(st.st_mode & 07777, 0440u);
}

TEST_F(VolumesTest, ATokenIsThePodsAloneAndIsReplacedAtOnce) {
  if (!linux::is_root()) GTEST_SKIP() << "needs root";
  const char* json =
      R"({"name":"t","projected":{"sources":[{"serviceAccountToken":{"path":"deep/token","audience":"vault"}},
        {"configMap":{"name":"settings"}}]}})";
  pod_.spec.serviceAccountName = "robot";
  pod_.spec.containers.emplace_back().securityContext.ensure().runAsUser = 1000;
  auto ready = set_up(json);
  ASSERT_TRUE(ready.ok()) << ready.error().message();
  const std::string file = ready->host_path + "/deep/token";
  EXPECT_EQ(*read_file(file), "token of robot for vault, 0 s");
  struct stat st{};
  ASSERT_EQ(::stat(file.c_str(), &st), 0);
  EXPECT_EQ(st.st_uid, 1000u);
  EXPECT_EQ(st.st_mode & 07777, 0600u);
  EXPECT_EQ(mode_of(ready->host_path + "/one"), 0644u);

  pod_.spec.securityContext.ensure().fsGroup = 2000;
  objects_.token = "another";
  ASSERT_TRUE(set_up(json).ok());
  EXPECT_EQ(*read_file(file), "another of robot for vault, 0 s");
  ASSERT_EQ(::stat(file.c_str(), &st), 0);
  EXPECT_EQ(st.st_uid, 1000u);
  EXPECT_EQ(st.st_gid, 2000u);
  EXPECT_EQ(st.st_mode & 07777, 0640u);

  objects_.token = "";
  EXPECT_EQ(set_up(json).error().message(), "failed to fetch token: away");
  EXPECT_EQ(*read_file(file), "another of robot for vault, 0 s") << "what stands stays";
}

TEST_F(VolumesTest, HostPathTypesAreChecked) {
  const auto host_path = [&](const char* path, const char* type) {
    return fmt::format(R"({{"name":"h","hostPath":{{"path":"{}","type":"{}"}}}})", scratch_.at(path), type);
  };
  EXPECT_FALSE(volumes_.stands(volume(host_path("made", "DirectoryOrCreate")), pod_));
  EXPECT_FALSE(path_exists(scratch_.at("made"))) << "looking makes nothing";
  EXPECT_TRUE(set_up(host_path("made", "DirectoryOrCreate")).ok());
  EXPECT_TRUE(set_up(host_path("made/file", "FileOrCreate")).ok());
  EXPECT_FALSE(set_up(host_path("made", "FileOrCreate")).ok()) << "what is there stays what it is";
  EXPECT_TRUE(check_host_path(scratch_.at("made"), "Directory").ok());
  EXPECT_THAT(check_host_path(scratch_.at("made"), "File").error().message(),
              HasSubstr("hostPath type check failed"));
  EXPECT_FALSE(check_host_path(scratch_.at("absent"), "Directory").ok());
  EXPECT_FALSE(check_host_path("/dev/null", "BlockDevice").ok());
  EXPECT_TRUE(check_host_path("/dev/null", "CharDevice").ok());
  EXPECT_FALSE(check_host_path(scratch_.at("x/../y"), "").ok());
  EXPECT_TRUE(check_host_path(scratch_.at("absent"), "").ok());
}

TEST_F(VolumesTest, SubPathIsBoundAndCannotLeaveTheVolume) {
  if (!linux::is_root()) GTEST_SKIP() << "needs root";
  auto ready = set_up(R"({"name":"v","configMap":{"name":"settings"}})");
  const std::string folder = ready->host_path;
  SubPath sub{"u1", "v", folder, "c", 0, "one", true};
  auto bound = volumes_.bind_sub_path(sub);
  ASSERT_TRUE(bound.ok()) << bound.error().message();
  EXPECT_EQ(*read_file(*bound), "1");
  objects_.maps["settings"].data.set("one", "new");
  ASSERT_TRUE(set_up(R"({"name":"v","configMap":{"name":"settings"}})").ok());
  EXPECT_EQ(*read_file(*bound), "1") << "a running container keeps what it got";
  EXPECT_EQ(*read_file(*volumes_.bind_sub_path(sub)), "new") << "the next start sees the new one";

  auto empty = set_up(R"({"name":"e","emptyDir":{}})");
  ASSERT_EQ(::symlink("/etc", (empty->host_path + "/etc").c_str()), 0);
  SubPath evil{.pod_uid = "u1",
               .volume = "e",
               .volume_path = empty->host_path,
               .container = "c",
               .index = 1,
               .path = "etc"};
  EXPECT_EQ(volumes_.bind_sub_path(evil).error().code(), Code::Forbidden);
  EXPECT_EQ(volumes_.bind_sub_path(evil).error().message(),
            "failed to prepare subPath for volumeMount \"e\" of container \"c\"");
  ASSERT_EQ(::symlink("absent", (empty->host_path + "/dangling").c_str()), 0);
  evil.path = "dangling";
  EXPECT_EQ(volumes_.bind_sub_path(evil).error().message(),
            "failed to create subPath directory for volumeMount \"e\" of container \"c\"");
  evil.path = "../../..";
  EXPECT_EQ(volumes_.bind_sub_path(evil).error().message(),
            "unable to provision SubPath `../../..`: must not contain '..'");
  evil.path = "/etc";
  EXPECT_EQ(volumes_.bind_sub_path(evil).error().message(),
            "error SubPath `/etc` must not be an absolute path");
  ASSERT_TRUE(write_file(empty->host_path + "/inside", "ours").ok());
  ASSERT_EQ(::symlink((empty->host_path + "/inside").c_str(), (empty->host_path + "/absolute").c_str()), 0);
  evil.path = "absolute";
  EXPECT_EQ(*read_file(*volumes_.bind_sub_path(evil)), "ours");
  evil.path = "made/for/me";
  auto made = volumes_.bind_sub_path(evil);
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_TRUE(path_exists(empty->host_path + "/made/for/me"));
}

TEST_F(VolumesTest, FoldersMadeForASubPathAreAsOpenAsTheVolume) {
  if (!linux::is_root()) GTEST_SKIP() << "needs root";
  const auto made = [&](const std::string& name, const std::string& folder, const char* path) {
    const auto bound = volumes_.bind_sub_path(
        {.pod_uid = "u1", .volume = name, .volume_path = folder, .container = "c", .path = path});
    ASSERT_TRUE(bound.ok()) << bound.error().message();
  };
  const mode_t umask_before = ::umask(0077);
  const auto open_to_all = set_up(R"({"name":"e","emptyDir":{}})");
  made("e", open_to_all->host_path, "a/b/c");
  for (const char* part : {"/a", "/a/b", "/a/b/c"})
    EXPECT_EQ(mode_of(open_to_all->host_path + part), 0777u) << part;

  ASSERT_TRUE(make_folders(scratch_.at("host/closed"), 0700).ok());
  ASSERT_EQ(::chmod(scratch_.at("host").c_str(), 01775), 0);
  made("h", scratch_.at("host"), "a");
  EXPECT_EQ(mode_of(scratch_.at("host/a")), 01775u);
  made("h", scratch_.at("host"), "closed/b");
  EXPECT_EQ(mode_of(scratch_.at("host/closed/b")), 01775u);
  EXPECT_EQ(mode_of(scratch_.at("host/closed")), 0700u) << "what stood keeps its mode";

  pod_.spec.securityContext.ensure().fsGroup = 2000;
  const auto of_group = set_up(R"({"name":"g","emptyDir":{}})");
  ASSERT_TRUE(make_folders(of_group->host_path + "/foreign", 0700).ok());
  ASSERT_EQ(::chown((of_group->host_path + "/foreign").c_str(), 0, 0), 0);
  made("g", of_group->host_path, "a/b");
  made("g", of_group->host_path, "foreign/b");
  ::umask(umask_before);
  for (const char* part : {"/a", "/a/b", "/foreign/b"}) {
    struct stat st{};
    ASSERT_EQ(::stat((of_group->host_path + part).c_str(), &st), 0) << part;
    EXPECT_EQ(st.st_mode & 07777, 02777u) << part;
    EXPECT_EQ(st.st_gid, 2000u) << part;
  }
}

TEST_F(VolumesTest, TearDownUnmountsAndLeavesTheHostAlone) {
  if (!linux::is_root()) GTEST_SKIP() << "needs root";
  ASSERT_TRUE(make_folders(scratch_.at("host")).ok());
  ASSERT_TRUE(write_file(scratch_.at("host/kept"), "x").ok());
  ASSERT_TRUE(set_up(fmt::format(R"({{"name":"h","hostPath":{{"path":"{}"}}}})", scratch_.at("host"))).ok());
  ASSERT_TRUE(set_up(R"({"name":"s","secret":{"secretName":"password"}})").ok());
  SubPath sub{
      .pod_uid = "u1", .volume = "h", .volume_path = scratch_.at("host"), .container = "c", .path = "."};
  ASSERT_TRUE(volumes_.bind_sub_path(sub).ok());
  ASSERT_TRUE(volumes_.tear_down("u1").ok());
  EXPECT_FALSE(path_exists(volumes_.pod_folder("u1")));
  EXPECT_TRUE(path_exists(scratch_.at("host/kept")));
  EXPECT_TRUE(volumes_.tear_down("u1").ok());
  EXPECT_FALSE(volumes_.tear_down("..").ok());
}

TEST_F(VolumesTest, WhereNothingIsMountedWhatIsSecretIsAFolder) {
  Volumes plain{scratch_.at("plain"), clock_, secure_random(), {.memory = false}};
  for (const char* json : {R"({"name":"s","secret":{"secretName":"password"}})",
                           R"({"name":"t","projected":{"sources":[{"serviceAccountToken":{"path":"key"}}]}})",
                           R"({"name":"m","emptyDir":{"medium":"Memory"}})"}) {
    const v1::Volume wanted = volume(json);
    const auto made = plain.set_up(wanted, context());
    ASSERT_TRUE(made.ok()) << json << ": " << made.error().message();
    EXPECT_TRUE(plain.stands(wanted, pod_)) << json;
    const auto ready = plain.ready(wanted, pod_);
    ASSERT_TRUE(ready.ok()) << json;
    EXPECT_FALSE(*linux::is_mount_point(ready->host_path)) << json;
    if (!wanted.volumeSource.emptyDir) EXPECT_TRUE(path_exists(ready->host_path + "/key")) << json;
  }
  EXPECT_TRUE(plain.tear_down("u1").ok());
}

TEST_F(VolumesTest, WhatStandsIsReadFromTheDiskAndOutlivesItsSources) {
  const v1::Volume wanted = volume(R"({"name":"v","configMap":{"name":"settings"}})");
  EXPECT_FALSE(volumes_.stands(wanted, pod_));
  EXPECT_EQ(volumes_.ready(wanted, pod_).error().message(), "volume \"v\" is not set up");
  ASSERT_TRUE(volumes_.set_up(wanted, context()).ok());
  objects_.maps.clear();
  Volumes later(scratch_.at("pods"), clock_, secure_random());
  EXPECT_FALSE(later.set_up(wanted, context()).ok());
  ASSERT_TRUE(later.stands(wanted, pod_));
  EXPECT_EQ(*read_file(later.ready(wanted, pod_)->host_path + "/one"), "1");
  EXPECT_TRUE(later.follows_objects(wanted));
  EXPECT_FALSE(later.follows_objects(volume(R"({"name":"e","emptyDir":{}})")));
  const v1::Volume claim = volume(R"({"name":"c","persistentVolumeClaim":{"claimName":"x"}})");
  EXPECT_FALSE(later.stands(claim, pod_));
  EXPECT_EQ(later.set_up(claim, context()).error().message(),
            "volumes of type persistentVolumeClaim are not supported by this node yet");
}

TEST_F(VolumesTest, FieldsAndResourcesPrintAsUpstream) {
  EXPECT_EQ(*pod_field(pod_, "metadata.labels['tier']"), "front");
  EXPECT_EQ(*pod_field(pod_, "metadata.labels['none']"), "");
  EXPECT_EQ(pod_field(pod_, "spec.hostname").error().message(), "unsupported fieldPath: spec.hostname");
  auto& c = pod_.spec.containers.emplace_back();
  c.name = "main";
  c.resources.limits.set("cpu", *codec::Quantity::parse("1500m"));
  c.resources.limits.set("memory", *codec::Quantity::parse("64Mi"));
  allocatable_.set("ephemeral-storage", *codec::Quantity::parse("10Gi"));
  v1::ResourceFieldSelector s;
  s.resource = "limits.cpu";
  EXPECT_EQ(*resource_field(pod_, "main", s, allocatable_), "2");
  s.divisor = *codec::Quantity::parse("1m");
  EXPECT_EQ(*resource_field(pod_, "main", s, allocatable_), "1500");
  s.resource = "limits.memory";
  s.divisor = *codec::Quantity::parse("1Mi");
  EXPECT_EQ(*resource_field(pod_, "main", s, allocatable_), "64");
  s.resource = "limits.ephemeral-storage";
  s.divisor = *codec::Quantity::parse("1Gi");
  EXPECT_EQ(*resource_field(pod_, "main", s, allocatable_), "10");
  s.resource = "limits.shoes";
  EXPECT_FALSE(resource_field(pod_, "main", s, allocatable_).ok());
}

}  // namespace
}  // namespace mizzen::volumes
