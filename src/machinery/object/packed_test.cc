#include "machinery/object/packed.h"

#include <gtest/gtest.h>

#include "machinery/schema/meta/v1/partial_object_metadata.h"

namespace mizzen::machinery {
namespace {

using Metadata = meta::v1::PartialObjectMetadata;

Object object() {
  Metadata out;
  out.metadata.name = "n";
  out.metadata.generateName = "n-";
  out.metadata.namespace_ = "ns";
  out.metadata.selfLink = "/self";
  out.metadata.uid = "u";
  out.metadata.resourceVersion = "12";
  out.metadata.generation = 3;
  out.metadata.labels.set("a", "b");
  return Object::of(std::move(out));
}

TEST(Packed, HasNamesMetadataAndTheObject) {
  const PackedPtr packed = pack(object());
  const NamesInWire names = packed->names();
  EXPECT_EQ(names.name, "n");
  EXPECT_EQ(names.namespace_, "ns");
  EXPECT_EQ(names.uid, "u");
  EXPECT_EQ(names.resource_version, "12");
  EXPECT_EQ(packed->meta()->labels.get("a"), "b");
  EXPECT_EQ(packed->meta()->generation, 3);
  EXPECT_TRUE(codec::equal(*packed->object().as<Metadata>(), *object().as<Metadata>()));
  EXPECT_FALSE(packed->at_hand()) << "it does not keep what it decoded";
}

TEST(Packed, MayHaveNoMetadata) {
  EXPECT_EQ(names_in("").name, "");
  // Field 2 alone.
  EXPECT_EQ(names_in("\x12\x01x").name, "");
  const PackedPtr packed = pack(Object::of(Metadata()));
  EXPECT_EQ(packed->names().uid, "");
  EXPECT_EQ(packed->meta()->uid, "");
}

}  // namespace
}  // namespace mizzen::machinery
