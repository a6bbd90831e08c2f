#include "store/embedded/manifest.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <stdlib.h>

#include <filesystem>

#include "base/file.h"
#include "base/strings.h"
#include "store/embedded/disk.h"
#include "store/embedded/engine.h"

namespace mizzen::store {
namespace {

/// An engine's folder whose manifest has some records, as the engine itself wrote them.
class ManifestTest : public testing::Test {
 protected:
  ManifestTest() {
    char name[] = "/tmp/mizzen-manifest-XXXXXX";
    folder_ = ::mkdtemp(name);
    auto engine = open();
    for (int i = 0; i < 2; ++i) {
      rocksdb::WriteBatch batch;
      batch.Put("k" + std::to_string(i), "v");
      EXPECT_TRUE(engine->write(batch, true).ok());
      EXPECT_TRUE(engine->db().Flush(rocksdb::FlushOptions()).ok());
    }
  }
  ~ManifestTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Engine> open() {
    auto opened = Engine::open(folder_, *disk_, {});
    error_ = opened.ok() ? "" : opened.error().message();
    return opened.ok() ? std::move(*opened) : nullptr;
  }
  std::string path() const {
    return folder_ + "/" + std::string(trim(read_file(folder_ + "/CURRENT").value_or("")));
  }
  std::string manifest() const { return read_file(path()).value_or(""); }
  static size_t begin_of_last(std::string bytes) {
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    return untorn_bytes(bytes);
  }
  void set(const std::string& bytes) { ASSERT_TRUE(write_file(path(), bytes).ok()); }

  std::string folder_, error_;
  const std::shared_ptr<Disk> disk_ = system_disk();
};

TEST_F(ManifestTest, AWholeOneIsKept) {
  const std::string bytes = manifest();
  ASSERT_GT(bytes.size(), 200u);
  EXPECT_EQ(untorn_bytes(bytes), bytes.size());
  EXPECT_FALSE(cut_torn_manifest(disk_->env(), folder_));
}

TEST_F(ManifestTest, ALastRecordThatMissesASectorIsCutOff) {
  const std::string bytes = manifest();
  // One more record was on its way, and something of its middle never arrived.
  std::string torn = bytes + bytes.substr(begin_of_last(bytes));
  torn[bytes.size() + 8] = static_cast<char>(torn[bytes.size() + 8] ^ 1);
  EXPECT_EQ(untorn_bytes(torn), bytes.size());
  set(torn);
  const auto engine = open();
  ASSERT_TRUE(engine) << error_;
  EXPECT_EQ(engine->read("k1"), "v");
}

TEST_F(ManifestTest, ZerosBehindTheLastRecordAreCutOff) {
  const std::string bytes = manifest();
  EXPECT_EQ(untorn_bytes(bytes + std::string(5000, '\0')), bytes.size());
}

TEST_F(ManifestTest, DamageBeforeAWholeRecordIsNotForUsToMend) {
  std::string bytes = manifest();
  bytes[20] = static_cast<char>(bytes[20] ^ 1);
  EXPECT_EQ(untorn_bytes(bytes), bytes.size());
  set(bytes);
  EXPECT_FALSE(open());
}

/// Records longer than a block stand in parts.
TEST_F(ManifestTest, RecordsInPartsAreWholeOnlyTogether) {
  {
    auto engine = open();
    rocksdb::WriteBatch batch;  // the bounds of a file stand in the manifest
    batch.Put("k" + std::string(40'000, 'x'), "v");
    batch.Put("l" + std::string(40'000, 'x'), "v");
    ASSERT_TRUE(engine->write(batch, true).ok());
    ASSERT_TRUE(engine->db().Flush(rocksdb::FlushOptions()).ok());
  }
  std::string bytes = manifest();
  ASSERT_GT(bytes.size(), 80'000u);
  EXPECT_EQ(untorn_bytes(bytes), bytes.size());
  bytes.resize(begin_of_last(bytes));  // a short one follows the long one
  bytes[bytes.size() - 60'000] = static_cast<char>(bytes[bytes.size() - 60'000] ^ 1);
  const size_t kept = untorn_bytes(bytes);
  EXPECT_LT(kept, bytes.size() - 60'000);
  EXPECT_EQ(untorn_bytes(bytes.substr(0, kept)), kept);
}

}  // namespace
}  // namespace mizzen::store
