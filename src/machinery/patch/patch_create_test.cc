#include "machinery/patch/patch_create.h"

#include <gtest/gtest.h>

#include "machinery/patch/patch.h"
#include "machinery/schema/meta/v1/partial_object_metadata.h"

namespace mizzen::machinery {
namespace {

codec::Value json(const std::string& text) { return *codec::Value::parse(text); }

const codec::Message& schema() { return meta::v1::PartialObjectMetadata::descriptor(); }

struct Case {
  const char* before;
  const char* after;
  const char* patch;
};

TEST(PatchCreate, SaysWhatDiffersAndNothingElse) {
  const Case cases[] = {
      {R"({"metadata":{"name":"a"}})", R"({"metadata":{"name":"a"}})", "{}"},
      {R"({"metadata":{"name":"a"}})", R"({"metadata":{"name":"b"}})", R"({"metadata":{"name":"b"}})"},
      {R"({"metadata":{"name":"a","uid":"u"}})", R"({"metadata":{"name":"a"}})",
       R"({"metadata":{"uid":null}})"},
      {R"({"metadata":{"labels":{"a":"1","b":"2"}}})", R"({"metadata":{"labels":{"a":"1","c":"3"}}})",
       R"({"metadata":{"labels":{"b":null,"c":"3"}}})"},
      {R"({"metadata":{"ownerReferences":[{"uid":"1","name":"a"},{"uid":"2","name":"b"}]}})",
       R"({"metadata":{"ownerReferences":[{"uid":"1","name":"x"},{"uid":"2","name":"b"}]}})",
       R"({"metadata":{"ownerReferences":[{"name":"x","uid":"1"}]}})"},
      {R"({"metadata":{"ownerReferences":[{"uid":"1"},{"uid":"2"}]}})",
       R"({"metadata":{"ownerReferences":[{"uid":"2"},{"uid":"3"}]}})",
       R"({"metadata":{"$setElementOrder/ownerReferences":[{"uid":"2"},{"uid":"3"}],)"
       R"("ownerReferences":[{"uid":"3"},{"$patch":"delete","uid":"1"}]}})"},
      {R"({"metadata":{"finalizers":["a","b"]}})", R"({"metadata":{"finalizers":["b","c"]}})",
       R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["a"],)"
       R"("$setElementOrder/finalizers":["b","c"],"finalizers":["c"]}})"},
      {R"({})", R"({"metadata":{"finalizers":["a"]}})", R"({"metadata":{"finalizers":["a"]}})"},
  };
  for (const Case& c : cases) {
    const codec::Value before = json(c.before), after = json(c.after);
    const codec::Value patch = create_strategic_patch(before, after, schema());
    EXPECT_EQ(patch.str(), json(c.patch).str());
    codec::Value made = before;
    ASSERT_TRUE(apply_strategic_patch(made, patch, schema()).ok()) << patch.str();
    EXPECT_EQ(made.str(), after.str());
  }
}

TEST(PatchCreate, WhatAnotherWroteMeanwhileStays) {
  const codec::Value before = json(R"({"metadata":{"ownerReferences":[{"uid":"1","name":"a"}],"name":"n"}})");
  const codec::Value after = json(R"({"metadata":{"ownerReferences":[{"uid":"1","name":"b"}],"name":"n"}})");
  codec::Value now = json(
      R"({"metadata":{"ownerReferences":[{"uid":"1","name":"a","kind":"K"},{"uid":"2"}],"name":"other"}})");
  ASSERT_TRUE(apply_strategic_patch(now, create_strategic_patch(before, after, schema()), schema()).ok());
  EXPECT_EQ(
      now.str(),
      R"({"metadata":{"name":"other","ownerReferences":[{"kind":"K","name":"b","uid":"1"},{"uid":"2"}]}})");
}

}  // namespace
}  // namespace mizzen::machinery
