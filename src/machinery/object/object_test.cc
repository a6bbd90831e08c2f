#include "machinery/object/object.h"

#include <gtest/gtest.h>

#include "codec/json/json_codec.h"
#include "machinery/object/convert.h"
#include "machinery/schema/meta/v1/object_meta.h"
#include "machinery/schema/meta/v1/partial_object_metadata.h"

namespace mizzen::machinery {
namespace {

TEST(Convert, CopiesWhatTwoMessagesShare) {
  meta::v1::ObjectMeta from;
  from.name = "x";
  from.labels.set("a", "b");
  from.ownerReferences.emplace_back().uid = "u";
  meta::v1::ObjectMeta to;
  convert_by_name(meta::v1::ObjectMeta::descriptor(), &from, meta::v1::ObjectMeta::descriptor(), &to);
  EXPECT_TRUE(codec::equal(from, to));
}

TEST(Object, SharesAndCopies) {
  meta::v1::PartialObjectMetadata p;
  p.metadata.name = "n";
  const Object shared = Object::of(p);
  EXPECT_EQ(shared.meta().name, "n");
  MutableObject copy(shared);
  copy.meta().name = "m";
  EXPECT_EQ(shared.meta().name, "n");
  EXPECT_EQ(std::move(copy).freeze().as<meta::v1::PartialObjectMetadata>()->metadata.name, "m");
}

}  // namespace
}  // namespace mizzen::machinery
