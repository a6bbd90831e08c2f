#include <gtest/gtest.h>

#include "codec/json/json_codec.h"
#include "machinery/errors/field_errors.h"
#include "machinery/errors/go_print.h"
#include "machinery/names/names.h"
#include "machinery/object/convert.h"
#include "machinery/object/object.h"
#include "machinery/patch/patch.h"
#include "machinery/schema/meta/v1/object_meta.h"
#include "machinery/schema/meta/v1/partial_object_metadata.h"
#include "machinery/selectors/selectors.h"

namespace mizzen::machinery {
namespace {
codec::Value json(const char* text) { return *codec::Value::parse(text); }
}  // namespace

TEST(LabelSelector, MatchesEveryFormOfRequirement) {
  const Labels labels{{"env", "dev"}, {"tier", "3"}};
  const std::pair<const char*, bool> rows[] = {{"", true},
                                               {"env", true},
                                               {"!env", false},
                                               {"env=dev", true},
                                               {"env==dev", true},
                                               {"env!=dev", false},
                                               {"x!=y", true},
                                               {"env in (dev, testing)", true},
                                               {"env notin (production)", true},
                                               {"env notin (dev)", false},
                                               {"tier>2", true},
                                               {"tier<3", false},
                                               {"env=dev,tier=3", true},
                                               {" env = dev , tier in (4) ", false},
                                               {"x notin (a)", true},
                                               {"x in (a)", false}};
  for (const auto& [text, expected] : rows) {
    const auto s = LabelSelector::parse(text);
    ASSERT_TRUE(s.ok()) << text << ": " << s.error().message();
    EXPECT_EQ(s->matches(labels), expected) << text;
    EXPECT_EQ(LabelSelector::parse(s->str())->matches(labels), expected) << s->str();
  }
  for (const char* bad :
       {"=", "a in", "a in (", "a in (b", "a,,b", "a=b=c", "a>x", "a b", "-a", "a=!", "(a)"})
    EXPECT_FALSE(LabelSelector::parse(bad).ok()) << bad;
}

TEST(FieldSelector, SplitsAndUnescapes) {
  const auto s = FieldSelector::parse("metadata.name=a\\,b,spec.nodeName!=x,y==z");
  ASSERT_TRUE(s.ok());
  ASSERT_EQ(s->terms().size(), 3u);
  EXPECT_EQ(*s->exact("metadata.name"), "a,b");
  EXPECT_FALSE(s->terms()[1].equals);
  EXPECT_EQ(s->exact("spec.nodeName"), nullptr);
  EXPECT_FALSE(FieldSelector::parse("foo").ok());
}

TEST(Names, KnowTheFormats) {
  EXPECT_TRUE(is_dns1123_label("my-name1").empty());
  EXPECT_EQ(is_dns1123_label("a.b"), Messages{"must not contain dots"});
  EXPECT_EQ(is_dns1123_label(std::string(64, 'a')), Messages{"must be no more than 63 characters"});
  EXPECT_TRUE(is_dns1123_subdomain("a.b-c.d").empty());
  EXPECT_FALSE(is_dns1123_subdomain("a..b").empty());
  EXPECT_FALSE(is_dns1035_label("1a").empty());
  EXPECT_TRUE(is_qualified_name("example.com/My_Name").empty());
  EXPECT_FALSE(is_qualified_name("/x").empty());
  EXPECT_FALSE(is_qualified_name("a/b/c").empty());
  EXPECT_TRUE(is_valid_label_value("").empty());
  EXPECT_FALSE(is_valid_label_value("-").empty());
  EXPECT_FALSE(is_config_map_key("..x").empty());
}

TEST(FieldErrors, PrintAsUpstream) {
  FieldErrors errors;
  errors.required(Path("spec").child("containers"), "");
  errors.invalid(Path("metadata").child("name"), "A_b", "bad");
  errors.not_supported(Path("spec").child("x"), "c", {"b", "a"});
  const Error e = errors.to_error("apps", "Deployment", "web");
  EXPECT_EQ(e.message(),
            "Deployment.apps \"web\" is invalid: [spec.containers: Required value, metadata.name: Invalid "
            "value: \"A_b\": bad, "
            "spec.x: Unsupported value: \"c\": supported values: \"b\", \"a\"]");
  EXPECT_EQ(e.details().causes.size(), 3u);
}

TEST(JsonPatch, CarriesOutEveryOperation) {
  auto doc = json(R"({"a":[1,2],"b":{"c":"x"}})");
  ASSERT_TRUE(
      apply_json_patch(doc, json(R"([{"op":"add","path":"/a/1","value":9},{"op":"remove","path":"/b/c"},
    {"op":"add","path":"/b/d~1e","value":null},{"op":"copy","from":"/a/0","path":"/z"},{"op":"move","from":"/z","path":"/a/-"},
    {"op":"replace","path":"/a/0","value":"r"},{"op":"test","path":"/a/1","value":9}])"))
          .ok());
  EXPECT_EQ(doc.str(), R"({"a":["r",9,2,1],"b":{"d/e":null}})");
  for (const char* bad : {R"([{"op":"remove","path":"/q"}])", R"([{"op":"test","path":"/a/0","value":0}])",
                          R"([{"op":"add","path":"/a/07","value":0}])",
                          R"([{"op":"add","path":"","value":{}}])", R"([{"op":"jump","path":"/b"}])"}) {
    const auto r = apply_json_patch(doc, json(bad));
    ASSERT_FALSE(r.ok()) << bad;
    EXPECT_EQ(r.error().code(), Code::Invalid) << bad;
  }
}

TEST(JsonPatch, IndicesCountFromTheEndAndMissingMembersAreSet) {
  auto doc = json(R"({"a":[1,2,3],"b":{}})");
  ASSERT_TRUE(apply_json_patch(doc, json(R"([{"op":"replace","path":"/b/q","value":0},
    {"op":"remove","path":"/a/-1"},{"op":"add","path":"/a/-1","value":9},{"op":"copy","from":"/none","path":"/c"}])"))
                  .ok());
  EXPECT_EQ(doc.str(), R"({"a":[1,2,9],"b":{"q":0},"c":null})");
}

TEST(JsonPatch, WorkAndCopiesAreBounded) {
  std::string items = "[0";
  for (int i = 0; i < 100'000; ++i) items += ",0";
  auto doc = json(("{\"a\":" + items + "]}").c_str());
  std::string ops = R"([{"op":"test","path":"/x"})";
  for (int i = 0; i < 5'000; ++i) ops += R"(,{"op":"add","path":"/a/0","value":1})";
  EXPECT_FALSE(apply_json_patch(doc, json((ops + "]").c_str())).ok());
  auto text = json(("{\"a\":\"" + std::string(1'000'000, 'x') + "\"}").c_str());
  const char* copies = R"([{"op":"copy","from":"/a","path":"/b"},{"op":"copy","from":"/a","path":"/c"},
    {"op":"copy","from":"/a","path":"/d"},{"op":"copy","from":"/a","path":"/e"}])";
  EXPECT_FALSE(apply_json_patch(text, json(copies)).ok());
}

TEST(GoPrint, PrintsValuesAsGoDoes) {
  EXPECT_EQ(go_print(json(R"({"b":[1,"x",true,null,1.5],"a":{}})")), "map[a:map[] b:[1 x true <nil> 1.5]]");
}

TEST(MergePatch, NullRemovesAndListsReplace) {
  auto doc = json(R"({"a":{"b":1,"c":[1]},"d":2})");
  apply_merge_patch(doc, json(R"({"a":{"b":null,"c":[2,3],"e":{"f":null,"g":1}},"d":{"h":1}})"));
  EXPECT_EQ(doc.str(), R"({"a":{"c":[2,3],"e":{"g":1}},"d":{"h":1}})");
}

TEST(StrategicPatch, NewItemsComeBeforeThoseThePatchDoesNotName) {
  const codec::Message& m = meta::v1::PartialObjectMetadata::descriptor();
  const auto uids = [&](const std::string& patch) {
    codec::Value doc = json(R"({"metadata":{"ownerReferences":[{"uid":"a"},{"uid":"b"},{"uid":"c"}]}})");
    EXPECT_TRUE(apply_strategic_patch(doc, json(("{\"metadata\":{" + patch + "}}").c_str()), m).ok())
        << patch;
    std::string out;
    for (const auto& o : doc.find("metadata")->find("ownerReferences")->items()) out += o.find("uid")->text();
    return out;
  };
  EXPECT_EQ(uids(R"("ownerReferences":[{"uid":"x"}])"), "xabc");
  EXPECT_EQ(uids(R"("ownerReferences":[{"uid":"b","name":"i"},{"uid":"x"}])"), "abxc");
  EXPECT_EQ(uids(R"("ownerReferences":[{"uid":"c"},{"uid":"a"}])"), "bca");
  EXPECT_EQ(
      uids(
          R"("$setElementOrder/ownerReferences":[{"uid":"c"},{"uid":"x"},{"uid":"a"}],"ownerReferences":[{"uid":"x"}])"),
      "bcxa");
  EXPECT_EQ(uids(R"("ownerReferences":[{"$patch":"delete","uid":"b"}])"), "ac");
}

TEST(StrategicPatch, MergesByKeyOrdersAndDeletes) {
  const codec::Message& m = meta::v1::PartialObjectMetadata::descriptor();
  auto doc = json(
      R"({"metadata":{"ownerReferences":[{"uid":"1","name":"a"},{"uid":"2","name":"b"},{"uid":"3","name":"c"}],
    "finalizers":["x","y"],"labels":{"k":"v","l":"w"}}})");
  ASSERT_TRUE(
      apply_strategic_patch(
          doc, json(R"({"metadata":{"ownerReferences":[{"uid":"4","name":"d"},{"$patch":"delete","uid":"1"},
    {"uid":"2","name":"B"}],"$setElementOrder/ownerReferences":[{"uid":"4"},{"uid":"2"}],"finalizers":["z"],
    "$deleteFromPrimitiveList/finalizers":["x"],"labels":{"k":null,"n":"o"}}})"),
          m)
          .ok());
  EXPECT_EQ(doc.str(), R"({"metadata":{"finalizers":["z","y"],"labels":{"l":"w","n":"o"},"ownerReferences":)"
                       R"([{"name":"d","uid":"4"},{"name":"B","uid":"2"},{"name":"c","uid":"3"}]}})");
  ASSERT_TRUE(
      apply_strategic_patch(
          doc,
          json(
              R"({"metadata":{"labels":{"$patch":"replace","a":"b"},"ownerReferences":[{"$patch":"replace"}]}})"),
          m)
          .ok());
  EXPECT_EQ(doc.str(), R"({"metadata":{"finalizers":["z","y"],"labels":{"a":"b"},"ownerReferences":[]}})");
  EXPECT_FALSE(
      apply_strategic_patch(doc, json(R"({"metadata":{"ownerReferences":[{"name":"x"}]}})"), m).ok());
}

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

}  // namespace mizzen::machinery
