#include "apiserver/registry/patching.h"

#include <gtest/gtest.h>

#include "api/builtin.h"

namespace mizzen::apiserver {
namespace {

using client::PatchType;

constexpr const char* kPod =
    R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"x","uid":"u",
  "labels":{"a":"1","b":"2"},"annotations":{"n":"v"},"finalizers":["example.com/f"]},
  "spec":{"nodeName":"n1","serviceAccountName":"s","hostNetwork":true,"terminationGracePeriodSeconds":30,
    "securityContext":{"runAsUser":7,"sysctls":[{"name":"k","value":"v"}]},
    "containers":[{"name":"c","image":"i:1","env":[{"name":"E","value":"1"}],"resources":{"limits":{"cpu":"1"}}},
                  {"name":"d","image":"j:1"}],
    "tolerations":[{"key":"t","operator":"Exists"}]},
  "status":{"phase":"Running","podIP":"10.0.0.1","startTime":"2026-01-01T00:00:00Z",
    "conditions":[{"type":"Ready","status":"False"},{"type":"Initialized","status":"True"}],
    "containerStatuses":[{"name":"c","ready":true,"image":"i:1","imageID":"x","restartCount":1}]}})";
constexpr const char* kSlice =
    R"({"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"s",
  "namespace":"x","labels":{"a":"1"}},"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"],"zone":"z"}],
  "ports":[{"name":"http","port":80,"protocol":"TCP"}]})";

Object object_of(const api::ResourceInfo& resource, std::string_view text) {
  machinery::MutableObject wire(resource.message());
  const auto decoded = codec::decode_json(text, wire.message(), wire.get());
  EXPECT_TRUE(decoded.ok()) << decoded.error().message();
  return std::move(wire).freeze();
}

std::string outcome(const api::ResourceInfo& resource, const Object& old, const PatchRequest& request) {
  codec::DecodeReport report;
  const auto next = apply_patch(resource, old, request, &report);
  if (!next.ok()) return "error: " + next.error().message();
  std::string out;
  codec::encode_json(out, next->message(), next->get());
  for (const std::string& warning : report.warnings()) out += "\n" + warning;
  return out;
}

struct Case {
  const char* resource;
  PatchType type;
  const char* patch;
  bool in_part = true;  ///< false: only to be applied to the whole object
};

constexpr PatchType kMerge = PatchType::Merge;
constexpr PatchType kStrategic = PatchType::Strategic;
constexpr Case kCases[] = {
    {"pods", kMerge, R"({})"},
    {"pods", kMerge, R"({"metadata":{"annotations":{"n":"w","new":"x"}}})"},
    {"pods", kMerge, R"({"metadata":{"annotations":{"n":null}}})"},
    {"pods", kMerge, R"({"metadata":{"annotations":null,"labels":{"b":"3"}}})"},
    {"pods", kMerge, R"({"metadata":{"finalizers":null}})"},
    {"pods", kMerge, R"({"metadata":{"finalizers":["example.com/g"]}})"},
    {"pods", kMerge, R"({"metadata":null})"},
    {"pods", kMerge, R"({"kind":"Pod","apiVersion":"v1","spec":{"nodeName":"n2"}})"},
    {"pods", kMerge, R"({"kind":"Node","spec":{"nodeName":"n2"}})"},
    {"pods", kMerge, R"({"spec":{"nodeName":null,"hostNetwork":null,"terminationGracePeriodSeconds":null}})"},
    {"pods", kMerge, R"({"spec":{"securityContext":{"runAsUser":null}}})"},
    {"pods", kMerge, R"({"spec":{"securityContext":null}})"},
    {"pods", kMerge, R"({"spec":{"affinity":{}}})"},
    {"pods", kMerge, R"({"spec":{"affinity":{"nodeAffinity":{"x":1}}}})"},
    {"pods", kMerge, R"({"spec":{"containers":[{"name":"e","image":"k"}]}})"},
    {"pods", kMerge, R"({"spec":null})"},
    {"pods", kMerge, R"({"spec":5})"},
    {"pods", kMerge, R"({"spec":{"nodeName":5}})"},
    {"pods", kMerge, R"({"spec":{"NodeName":"n2"}})"},
    {"pods", kMerge, R"({"nosuch":1})", false},
    {"pods", kMerge, R"({"status":{"startTime":"yesterday"}})"},
    {"pods", kMerge, R"({"status":{"startTime":null,"phase":"Failed"}})"},
    {"pods", kMerge, R"({"metadata":{"name":"q","name":"r"}})"},
    {"pods", kMerge, R"([1])", false},
    {"pods", kStrategic, R"({"metadata":{"annotations":{"n":null,"m":"1"}}})"},
    {"pods", kStrategic, R"({"status":{"conditions":[{"type":"Ready","status":"True"}],"phase":"Failed"}})"},
    {"pods", kStrategic,
     R"({"status":{"$setElementOrder/conditions":[{"type":"Initialized"},{"type":"Ready"}],
         "conditions":[{"type":"Ready","status":"True"}]}})"},
    {"pods", kStrategic, R"({"status":{"conditions":[{"type":"Ready","$patch":"delete"}]}})"},
    {"pods", kStrategic, R"({"status":{"conditions":[{"status":"True"}]}})"},
    {"pods", kStrategic, R"({"spec":{"containers":[{"name":"c","env":[{"name":"F","value":"2"}]}]}})"},
    {"pods", kStrategic, R"({"spec":{"securityContext":{"$patch":"replace","runAsGroup":1}}})"},
    {"pods", kStrategic, R"({"spec":{"securityContext":{"$retainKeys":["runAsUser"]}}})"},
    {"pods", kStrategic, R"({"$patch":"delete"})", false},
    {"pods", kStrategic, R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["example.com/f"]}})"},
    {"pods", kStrategic, R"({"metadata":{"finalizers":["example.com/g"]}})"},
    {"pods", kStrategic, R"({"metadata":{"$setElementOrder/nosuch":["x"]}})"},
    {"pods", kStrategic, R"({"spec":{"terminationGracePeriodSeconds":5.0}})"},
    {"pods", kStrategic, R"({"spec":{"affinity":{}}})"},
    {"pods", kStrategic, R"({"spec":{"affinity":null}})"},
    {"pods", kStrategic, R"({"spec":{"tolerations":[{"key":"u","operator":"Exists"}]}})"},
    {"endpointslices", kMerge, R"({"endpoints":[{"addresses":["10.0.0.2"],"zone":"y"}]})"},
    {"endpointslices", kMerge, R"({"addressType":"IPv6","ports":null})"},
    {"endpointslices", kStrategic, R"({"ports":[{"name":"http","port":81}]})"},
};

// A patch of a part does what the same patch does to the whole object, errors and warnings included, in every
// version that is served.
TEST(PatchingTest, APartIsPatchedAsTheWholeIs) {
  const auto resources = api::builtin_resources();
  for (const Case& c : kCases) {
    const bool pod = std::string_view(c.resource) == "pods";
    const auto resource = std::find_if(resources.begin(), resources.end(),
                                       [&](const auto& r) { return r.plural == c.resource; });
    ASSERT_NE(resource, resources.end()) << c.resource;
    const Object old = object_of(*resource, pod ? kPod : kSlice);
    for (const api::ServedVersion& version : resource->versions) {
      for (const FieldValidation validation :
           {FieldValidation::Ignore, FieldValidation::Warn, FieldValidation::Strict}) {
        PatchRequest request = read_patch(c.type, version, c.patch, validation);
        SCOPED_TRACE(c.patch + (" of " + version.api_version()));
        EXPECT_EQ(request.part.has_value(), c.in_part);
        const std::string in_part = outcome(*resource, old, request);
        request.part.reset();
        EXPECT_EQ(in_part, outcome(*resource, old, request));
      }
    }
  }
}

// What a strategic patch says of the object's own type is not looked at, as long as it is text.
TEST(PatchingTest, AStrategicPatchMayCallTheTypeWhatItLikesButNotSomethingElseThanText) {
  const auto resources = api::builtin_resources();
  const auto pods =
      std::find_if(resources.begin(), resources.end(), [](const auto& r) { return r.plural == "pods"; });
  const Object old = object_of(*pods, kPod);
  const auto error = [&](const char* patch) {
    const PatchRequest request = read_patch(kStrategic, pods->versions[0], patch, FieldValidation::Ignore);
    const auto patched = apply_patch(*pods, old, request, nullptr);
    return patched.ok() ? "" : patched.error().message();
  };
  const std::string invalid = " \"\" is invalid: patch: Invalid value: ";
  EXPECT_EQ(error(R"({"kind":"Node","apiVersion":"v2"})"), "");
  EXPECT_EQ(error(R"({"kind":null})"), "");
  EXPECT_EQ(error(R"({"kind":1})"), invalid + "\"map[kind:1]\": cannot convert int64 to string");
  EXPECT_EQ(error(R"({"kind":true,"spec":{"nodeName":"n"}})"),
            invalid + "\"map[kind:true spec:map[nodeName:n]]\": unrecognized type: string");
  EXPECT_EQ(error(R"({"apiVersion":{}})"), invalid + "\"map[apiVersion:map[]]\": unrecognized type: string");
}

TEST(PatchingTest, WithoutAVersionNothingOfAnObjectIsRead) {
  const auto resources = api::builtin_resources();
  const auto pods =
      std::find_if(resources.begin(), resources.end(), [](const auto& r) { return r.plural == "pods"; });
  const Object old = object_of(*pods, kPod);
  for (const auto& [type, patch] : std::initializer_list<std::pair<client::PatchType, const char*>>{
           {kMerge, R"({"apiVersion":null})"},
           {kMerge, R"({"apiVersion":"","spec":{"nodeName":"n"}})"},
           {client::PatchType::Json, R"([{"op":"remove","path":"/apiVersion"}])"}}) {
    const auto patched = [&](FieldValidation validation) {
      return apply_patch(*pods, old, read_patch(type, pods->versions[0], patch, validation), nullptr);
    };
    const auto read = patched(FieldValidation::Ignore);
    ASSERT_TRUE(read.ok()) << patch;
    EXPECT_EQ(read->meta().name, "") << "so its name is told to be missing";
    const auto strict = patched(FieldValidation::Strict);
    ASSERT_FALSE(strict.ok()) << patch;
    EXPECT_TRUE(
        strict.error().message().ends_with(": strict decoding error: unknown field \"metadata\", unknown "
                                           "field \"spec\", unknown field \"status\""))
        << strict.error().message();
  }
  // A strategic patch merges objects, whose version is known.
  EXPECT_EQ(apply_patch(
                *pods, old,
                read_patch(kStrategic, pods->versions[0], R"({"apiVersion":null})", FieldValidation::Strict),
                nullptr)
                ->meta()
                .name,
            old.meta().name);
}

}  // namespace
}  // namespace mizzen::apiserver
