#include "apiserver/entry/entry.h"

#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/schema/core/v1/pod.h"
#include "codec/proto/proto_codec.h"

namespace mizzen::apiserver {
namespace {

using api::core::v1::Pod;

Pod pod() {
  Pod out;
  out.metadata.name = "web-0";
  out.metadata.namespace_ = "shop";
  out.metadata.generateName = "web-";
  out.metadata.uid = "1-2";
  out.metadata.labels.set("app", "web");
  out.metadata.labels.set("empty", "");
  out.metadata.annotations.set("note", "x");
  out.spec.nodeName = "node-1";
  out.status.phase = "Running";
  return out;
}

class EntryTest : public testing::Test {
 protected:
  EntryPtr encode(Pod p, int64_t revision) {
    p.metadata.resourceVersion = std::to_string(revision);
    return Entry::encode(home_, "shop/web-0", revision, Object::of(std::move(p)));
  }
  static std::string text(const EntryPtr& e) { return std::string(e->wire_view()); }

  const CompanionsPtr companions_ = std::make_shared<Companions>(1 << 20);
  const EntryHomePtr home_ = std::make_shared<EntryHome>(api::resource_of<Pod>(), companions_);
};

TEST_F(EntryTest, AnswersFromItsBytes) {
  const EntryPtr e = encode(pod(), 7);
  EXPECT_EQ(e->key(), "shop/web-0");
  EXPECT_EQ(e->namespace_(), "shop");
  EXPECT_EQ(e->name(), "web-0");
  EXPECT_EQ(e->label("app"), "web");
  EXPECT_EQ(e->label("empty"), "");
  EXPECT_FALSE(e->label("other"));
  EXPECT_EQ(e->field("spec.nodeName"), "node-1");
  EXPECT_EQ(e->field("status.phase"), "Running");
  EXPECT_EQ(e->field("spec.restartPolicy"), "");
  EXPECT_EQ(e->field("metadata.name"), "web-0");
  EXPECT_EQ(e->field("metadata.namespace"), "shop");
  EXPECT_EQ(e->field("no.such"), "");
  EXPECT_EQ(e->object().meta().resourceVersion, "7");
}

TEST_F(EntryTest, ObjectsWithoutLabelsHaveNone) {
  Pod p = pod();
  p.metadata.labels = {};
  EXPECT_FALSE(encode(p, 1)->label("app"));
}

TEST_F(EntryTest, StampedBytesAreTheEncodersOwn) {
  for (const int64_t revision : {int64_t{1}, int64_t{300}, int64_t{1} << 60})
    for (const char* present : {"", "5", "1234567890123456789"}) {
      Pod p = pod();
      p.metadata.resourceVersion = present;
      const std::string wire = codec::to_proto(p);
      const EntryPtr e =
          Entry::stamp(home_, "shop/web-0", revision, wire, machinery::MutableObject(Object::of(p)));
      EXPECT_EQ(text(e), text(encode(pod(), revision))) << revision << " over " << present;
      EXPECT_EQ(e->object().meta().resourceVersion, std::to_string(revision));
      EXPECT_EQ(text(e->at(9)), text(encode(pod(), 9)));
      EXPECT_EQ(e->at(9)->field("spec.nodeName"), "node-1");
      EXPECT_EQ(e->at(9)->object().meta().resourceVersion, "9");
    }
}

TEST_F(EntryTest, RevisionZeroIsNone) {
  Pod p = pod();
  p.metadata.resourceVersion.clear();
  EXPECT_EQ(text(encode(pod(), 7)->at(0)), codec::to_proto(p));
}

TEST_F(EntryTest, MetadataOverALengthsBoundKeepsItsPlace) {
  // Lengths change their own width at 128 and 16,384 bytes.
  for (size_t n = 0; n < 300; ++n) {
    Pod p = pod();
    p.metadata.annotations.set("note", std::string(n, 'x'));
    EXPECT_EQ(text(encode(p, 1)->at(1'000'000)), text(encode(p, 1'000'000))) << n;
  }
}

TEST_F(EntryTest, IsPacked) {
  const machinery::PackedPtr e = encode(pod(), 7);
  EXPECT_EQ(e->names().name, "web-0");
  EXPECT_EQ(e->names().namespace_, "shop");
  EXPECT_EQ(e->names().uid, "1-2");
  EXPECT_EQ(e->names().resource_version, "7");
  EXPECT_EQ(e->meta().get(), &e->object().meta()) << "of the object that is at hand";
  companions_->age();
  companions_->age();
  EXPECT_FALSE(e->at_hand());
  EXPECT_EQ(e->meta()->labels.get("app"), "web");
  EXPECT_FALSE(e->at_hand()) << "metadata is decoded alone";
}

TEST_F(EntryTest, DecodedFormsAreSharedWhileKept) {
  const EntryPtr e = encode(pod(), 7);
  EXPECT_EQ(e->object().get(), e->object().get());
  companions_->age();
  companions_->age();
  EXPECT_EQ(companions_->bytes(), 0U);
  EXPECT_EQ(e->object().meta().name, "web-0");
}

TEST(CompanionsTest, TheOldestGoFirst) {
  Companions companions(100);
  auto one = std::make_shared<int>(1), two = std::make_shared<int>(2);
  const std::weak_ptr<int> first = one, second = two;
  companions.keep(std::move(one), 60);
  companions.keep(std::move(two), 60);
  EXPECT_TRUE(first.expired());
  EXPECT_FALSE(second.expired());
  EXPECT_EQ(companions.bytes(), 60U);
  companions.age();
  EXPECT_FALSE(second.expired()) << "kept since the last time only";
  companions.age();
  EXPECT_TRUE(second.expired());
}

}  // namespace
}  // namespace mizzen::apiserver
