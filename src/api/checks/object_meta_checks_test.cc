#include "api/checks/object_meta_checks.h"

#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/testing/checked.h"
#include "codec/json/json_codec.h"

namespace mizzen::api {
namespace {

TEST(ObjectMetaChecks, ServiceAccountsHaveNothingElse) {
  expect_created(
      {"", "v1", "serviceaccounts"},
      {{R"({"metadata":{"name":"A","labels":{"a b":"c"}}})",
        {"metadata.name: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case "
         "alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. "
         "'example.com', regex used for validation is "
         "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
         "metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', "
         "'_' "
         "or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
         "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"}}});
}

/// Errors of an update of a config map's metadata from `old` to `now`.
Lines updated(const std::string& old, const std::string& now, const char* plural = "configmaps") {
  const ResourceInfo& resource = *builtin()->find("", "v1", plural);
  const auto meta = [](const std::string& json) {
    meta::v1::ObjectMeta out;
    const auto decoded =
        codec::decode_json("{\"name\":\"a\",\"uid\":\"u\"" + json + "}", out.descriptor(), &out);
    EXPECT_TRUE(decoded.ok()) << json;
    return out;
  };
  machinery::FieldErrors errors;
  check_object_meta_update(meta(now), meta(old), resource, errors);
  Lines out;
  for (const Cause& c : errors.causes()) out.push_back(c.field + ": " + c.message);
  return out;
}

TEST(ObjectMetaChecks, AnUpdateIsCheckedForWhatMayChangeAndWhatMayNot) {
  const auto first = [](const Lines& lines) {
    return lines.size() == 1 ? lines[0].substr(0, lines[0].find(": ", lines[0].find("value: "))) : "";
  };
  EXPECT_EQ(updated("", ""), Lines());
  EXPECT_EQ(first(updated("", R"(,"labels":{"a":"b c"})")), "metadata.labels: Invalid value");
  EXPECT_EQ(first(updated("", R"(,"annotations":{"a b":"c"})")), "metadata.annotations: Invalid value");
  EXPECT_EQ(first(updated("", R"(,"ownerReferences":[{"kind":"K","name":"n","uid":"u"}])")),
            "metadata.ownerReferences.apiVersion: Invalid value");
  EXPECT_EQ(
      updated("", R"(,"finalizers":["5"])"),
      Lines{"metadata.finalizers[0]: Invalid value: \"5\": name is neither a standard finalizer name nor is "
            "it fully qualified"});
  EXPECT_EQ(
      updated("", R"(,"finalizers":["orphan","foregroundDeletion"])"),
      Lines{"metadata.finalizers: Invalid value: [\"orphan\",\"foregroundDeletion\"]: finalizer orphan and "
            "foregroundDeletion cannot be both set"});
  EXPECT_EQ(updated("", R"(,"ownerReferences":[{"apiVersion":"v1","kind":"Event","name":"n","uid":"u"}])"),
            Lines{"metadata.ownerReferences: Invalid value: "
                  "{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"name\":\"n\",\"uid\":\"u\"}: "
                  "/v1, Kind=Event is disallowed from being an owner"});
  EXPECT_EQ(updated("", R"(,"deletionTimestamp":"2020-01-01T00:00:00Z","deletionGracePeriodSeconds":5)"),
            (Lines{"metadata.deletionTimestamp: Invalid value: \"2020-01-01T00:00:00Z\": field is immutable",
                   "metadata.deletionGracePeriodSeconds: Invalid value: 5: field is immutable"}));
}

TEST(ObjectMetaChecksDeath, WhoAsksKeepsWhatIsKnownOfTheDeletion) {
  EXPECT_DEATH(updated(R"(,"deletionTimestamp":"2020-01-01T00:00:00Z")", ""), "a loses its deletion time");
  EXPECT_DEATH(updated(R"(,"deletionGracePeriodSeconds":5)", ""), "a loses its grace period");
}

TEST(ObjectMetaChecks, SomeKindsTakeAnyFinalizerAndLookAtNoPrefix) {
  const auto expect = [](const char* plural, bool finalizers, PrefixCheck prefix) {
    const ResourceInfo* r = builtin()->find("", "v1", plural);
    ASSERT_TRUE(r) << plural;
    EXPECT_EQ(r->strategy->checks_standard_finalizers(), finalizers) << plural;
    EXPECT_EQ(r->strategy->checks_prefix(), prefix) << plural;
  };
  expect("events", false, PrefixCheck::Never);
  expect("replicationcontrollers", true, PrefixCheck::Never);
  expect("services", true, PrefixCheck::OnCreate);
  expect("pods", true, PrefixCheck::Always);
}

}  // namespace
}  // namespace mizzen::api
