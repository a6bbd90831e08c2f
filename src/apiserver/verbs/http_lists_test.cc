// Lists: order, pages, selectors, and the table of resourceVersion and resourceVersionMatch.
#include <fmt/format.h>

#include "apiserver/cache/continue_token.h"
#include "apiserver/testing/running_server.h"
#include "base/strings.h"

namespace mizzen::apiserver::testing {
namespace {

class HttpLists : public HttpTest {
 protected:
  void fill(int n) {
    for (int i = 0; i < n; ++i)
      ASSERT_EQ(create_config(fmt::format("c{}", i), "v", fmt::format(R"(,"labels":{{"n":"{}"}})", i)).status,
                201);
  }
  std::string names(const Answer& list) {
    std::string out;
    for (size_t i = 0; i < list.count("items"); ++i)
      out += list.at(fmt::format("items.{}.metadata.name", i)) + " ";
    return out;
  }
};

TEST_F(HttpLists, ItemsAreInOrderAndCarryNoTypeOfTheirOwn) {
  fill(3);
  const Answer all = call("GET", core("configmaps"));
  EXPECT_EQ(all.status, 200);
  EXPECT_EQ(all.at("kind"), "ConfigMapList");
  EXPECT_EQ(names(all), "c0 c1 c2 ");
  EXPECT_EQ(all.at("items.0.kind"), "");
  EXPECT_EQ(all.at("metadata.continue"), "");
  const Answer none = call("GET", core("secrets"));
  EXPECT_NE(none.body.find("\"items\":[]"), std::string::npos) << none.body;
  EXPECT_GE(call("GET", "/api/v1/configmaps").count("items"), 3u);
}

TEST_F(HttpLists, PagesShowOneMoment) {
  fill(5);
  const Answer one = call("GET", core("configmaps?limit=2"));
  EXPECT_EQ(names(one), "c0 c1 ");
  EXPECT_EQ(one.at("metadata.remainingItemCount"), "3");
  create_config("c11");
  call("DELETE", core("configmaps/c3"));
  const Answer two = call("GET", core("configmaps?limit=2&continue=" + one.at("metadata.continue")));
  EXPECT_EQ(names(two), "c2 c3 ") << two.body;
  EXPECT_EQ(two.at("metadata.resourceVersion"), one.at("metadata.resourceVersion"));
  const Answer three = call("GET", core("configmaps?limit=2&continue=" + two.at("metadata.continue")));
  EXPECT_EQ(names(three), "c4 ");
  EXPECT_EQ(three.at("metadata.continue"), "");
  const Answer selected = call("GET", core("configmaps?limit=1&labelSelector=n"));
  EXPECT_FALSE(selected.at("metadata.continue").empty());
  EXPECT_EQ(selected.at("metadata.remainingItemCount"), "");
}

TEST_F(HttpLists, AnExpiredTokenOffersAnotherOne) {
  fill(4);
  const Answer one = call("GET", core("configmaps?limit=2"));
  create_config("c10");
  const Answer newest = create_config("z");
  const auto revision = parse_int<int64_t>(newest.at("metadata.resourceVersion"));
  ASSERT_TRUE(server_->store()
                  .compact(store::Revision(*revision), Deadline::after(std::chrono::seconds(1), real_clock()))
                  .ok());
  const Answer late = call("GET", core("configmaps?limit=2&continue=" + one.at("metadata.continue")));
  ASSERT_EQ(late.status, 410) << late.body;
  EXPECT_EQ(late.at("reason"), "Expired");
  EXPECT_EQ(
      late.message().find("The provided continue parameter is too old to display a consistent list result."),
      0u);
  const std::string token = late.at("metadata.continue");
  ASSERT_FALSE(token.empty()) << late.body;
  const Answer rest = call("GET", core("configmaps?continue=" + token));
  EXPECT_EQ(names(rest), "c10 c2 c3 z ") << rest.body;
  const Answer exact = call("GET", core("configmaps?resourceVersionMatch=Exact&resourceVersion=" +
                                        one.at("metadata.resourceVersion")));
  EXPECT_EQ(exact.status, 410);
  EXPECT_EQ(exact.message(), "The resourceVersion for the provided list is too old.");
}

TEST_F(HttpLists, ATokenLivesForFiveMinutes) {
  fill(3);
  const Answer one = call("GET", core("configmaps?limit=1"));
  auto token = decode_continue(one.at("metadata.continue"));
  ASSERT_TRUE(token.ok());
  ASSERT_NE(token->since, 0);
  token->since -= 310;
  const Answer late = call("GET", core("configmaps?limit=1&continue=" + encode_continue(*token)));
  ASSERT_EQ(late.status, 410) << late.body;
  const Answer two = call("GET", core("configmaps?limit=1&continue=" + late.at("metadata.continue")));
  EXPECT_EQ(names(two), "c1 ") << two.body;
  const Answer three = call("GET", core("configmaps?limit=1&continue=" + two.at("metadata.continue")));
  EXPECT_EQ(names(three), "c2 ") << three.body;
  EXPECT_EQ(three.at("metadata.resourceVersion"), two.at("metadata.resourceVersion"));
  token->since += 200;
  EXPECT_EQ(names(call("GET", core("configmaps?limit=1&continue=" + encode_continue(*token)))), "c1 ");
}

TEST_F(HttpLists, BadTokensAreRefused) {
  const Answer bad = call("GET", core("configmaps?continue=xyz"));
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(bad.message().find("invalid continue token: continue key is not valid"), 0u) << bad.message();
  const auto token = [&](const std::string& text) {
    return call("GET", core("configmaps?continue=" + base64url_encode(text))).message();
  };
  EXPECT_NE(token(R"({"v":"other","rv":1,"start":"a"})")
                .find("server does not recognize this encoded version other"),
            std::string::npos);
  EXPECT_NE(
      token(R"({"v":"meta.k8s.io/v1","rv":0,"start":"a"})").find("incorrect encoded start resourceVersion"),
      std::string::npos);
  EXPECT_NE(token(R"({"v":"meta.k8s.io/v1","rv":5,"start":""})").find("encoded start key empty"),
            std::string::npos);
}

TEST_F(HttpLists, NumbersAreReadAsGoReadsThem) {
  fill(2);
  const auto list = [&](const std::string& query) { return call("GET", core("configmaps?" + query)); };
  EXPECT_EQ(list("limit=%2B1").count("items"), 1u);
  for (const auto& [query, message] : std::initializer_list<std::pair<std::string, std::string>>{
           {"limit=", "strconv.ParseInt: parsing \"\": invalid syntax"},
           {"limit=9223372036854775808",
            "strconv.ParseInt: parsing \"9223372036854775808\": value out of range"},
           {"limit=x&timeoutSeconds=y", "strconv.ParseInt: parsing \"y\": invalid syntax"},
           {"watch=1&limit=x", "strconv.ParseInt: parsing \"x\": invalid syntax"},
           {"watch=1&timeoutSeconds=x", "strconv.ParseInt: parsing \"x\": invalid syntax"},
           {"resourceVersion=-1",
            "invalid resource version: resourceVersion: Invalid value: \"-1\": "
            "strconv.ParseUint: parsing \"-1\": invalid syntax"},
           {"continue=bogus",
            "invalid continue token: continue key is not valid: illegal base64 data at input byte 4"},
           {"continue=bo%20gus",
            "invalid continue token: continue key is not valid: illegal base64 data at input byte 2"},
           {"continue=YWJj",
            "invalid continue token: continue key is not valid: invalid character 'a' looking for "
            "beginning of value"},
           {"resourceVersion=x&continue=bogus",
            "invalid continue token: continue key is not valid: illegal base64 data at input byte 4"}}) {
    const Answer got = list(query);
    EXPECT_EQ(got.status, 400) << query << got.body;
    EXPECT_EQ(got.message(), message) << query;
  }
  EXPECT_EQ(list("resourceVersion=9223372036854775808").status, 504) << "a version that is not yet";
  const Answer one = call("GET", core("configmaps/c0?resourceVersion=x"));
  EXPECT_EQ(one.status, 500);
  EXPECT_EQ(one.message(),
            "resourceVersion: Invalid value: \"x\": strconv.ParseUint: parsing \"x\": invalid syntax");
}

TEST_F(HttpLists, FieldsThatAKindDoesNotHaveAreRefusedInItsWords) {
  EXPECT_EQ(call("GET", core("configmaps?fieldSelector=a%3Db")).message(),
            "\"a\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
  EXPECT_EQ(call("GET", core("pods?fieldSelector=a%3Db")).message(), "field label not supported: a");
}

TEST_F(HttpLists, RevisionsAndTheirMatch) {
  fill(1);
  const std::string then = call("GET", core("configmaps/c0")).at("metadata.resourceVersion");
  create_config("d");
  const auto list = [&](const std::string& query) { return call("GET", core("configmaps?" + query)); };
  EXPECT_EQ(names(list("resourceVersion=0")), "c0 d ");
  EXPECT_EQ(names(list("resourceVersion=0&limit=1")), "c0 d ") << "any state has no pages";
  EXPECT_EQ(names(list("resourceVersion=" + then)), "c0 d ");
  EXPECT_EQ(names(list("resourceVersion=" + then + "&limit=9")), "c0 ") << "the old rule: exactly";
  const Answer exact = list("resourceVersionMatch=Exact&resourceVersion=" + then);
  EXPECT_EQ(names(exact), "c0 ");
  EXPECT_EQ(exact.at("metadata.resourceVersion"), then);
  EXPECT_EQ(names(list("resourceVersionMatch=NotOlderThan&resourceVersion=" + then)), "c0 d ");

  EXPECT_EQ(list("resourceVersion=x").status, 400);
  EXPECT_EQ(list("resourceVersionMatch=Exact").status, 422);
  EXPECT_EQ(
      list("resourceVersionMatch=Exact").message(),
      "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is "
      "forbidden unless resourceVersion is provided");
  EXPECT_NE(list("resourceVersionMatch=Exact&resourceVersion=0")
                .message()
                .find("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""),
            std::string::npos);
  EXPECT_NE(list("resourceVersionMatch=Some&resourceVersion=5")
                .message()
                .find("Unsupported value: \"Some\": supported values: "),
            std::string::npos);
  EXPECT_NE(list("sendInitialEvents=true").message().find("sendInitialEvents is forbidden for list"),
            std::string::npos);
  const std::string token = list("limit=1").at("metadata.continue");
  EXPECT_EQ(list("resourceVersion=5&continue=" + token).message(),
            "specifying resource version is not allowed when using continue");
}

TEST_F(HttpLists, TheFutureIsWaitedForAndThenRefused) {
  for (const std::string& path :
       {core("configmaps?resourceVersion=999999"), core("configmaps/x?resourceVersion=999999")}) {
    const Answer future = call("GET", path);
    EXPECT_EQ(future.status, 504) << future.body;
    EXPECT_EQ(future.at("reason"), "Timeout");
    EXPECT_EQ(future.message().find("Timeout: Too large resource version: 999999, current: "), 0u)
        << future.message();
    EXPECT_EQ(future.at("details.causes.0.reason"), "ResourceVersionTooLarge");
    EXPECT_EQ(future.headers.get("Retry-After"), "1");
  }
}

TEST_F(HttpLists, EachVersionOfEventsSelectsByItsOwnNames) {
  const std::string body =
      R"({"metadata":{"name":"e"},"eventTime":"2026-01-02T03:04:05.000000Z","reportingController":"example.com/c",)"
      R"("reportingInstance":"i","action":"Do","reason":"R","type":"Normal","regarding":{"kind":"Pod","name":"p","namespace":")" +
      ns_ + R"("}})";
  const Answer made = call("POST", group("events.k8s.io/v1", "events"), body);
  ASSERT_EQ(made.status, 201) << made.body;
  const auto count = [&](const std::string& path) { return call("GET", path).count("items"); };
  EXPECT_EQ(count(group("events.k8s.io/v1", "events?fieldSelector=reportingController%3Dexample.com%2Fc")),
            1u);
  EXPECT_EQ(count(group("events.k8s.io/v1", "events?fieldSelector=regarding.name%3Dq")), 0u);
  EXPECT_EQ(count(core("events?fieldSelector=reportingComponent%3Dexample.com%2Fc,involvedObject.name%3Dp")),
            1u);
  EXPECT_EQ(call("GET", group("events.k8s.io/v1", "events?fieldSelector=involvedObject.name%3Dp")).message(),
            "field label not supported: involvedObject.name");
}

TEST_F(HttpLists, SelectorsChoose) {
  fill(3);
  const auto list = [&](const std::string& query) { return names(call("GET", core("configmaps?" + query))); };
  EXPECT_EQ(list("labelSelector=n%20in%20(0,2)"), "c0 c2 ");
  EXPECT_EQ(list("labelSelector=n!%3D1"), "c0 c2 ");
  EXPECT_EQ(list("labelSelector=!n"), "");
  EXPECT_EQ(list("fieldSelector=metadata.name%3Dc1"), "c1 ");
  EXPECT_EQ(list("fieldSelector=metadata.name!%3Dc1"), "c0 c2 ");
  EXPECT_EQ(call("GET", "/api/v1/configmaps?fieldSelector=metadata.namespace%3D" + ns_).count("items"), 3u);
  EXPECT_EQ(call("GET", group("apps/v1", "deployments?fieldSelector=spec.x%3D1")).message(),
            "\"spec.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
  EXPECT_EQ(call("GET", core("configmaps?labelSelector=a%20in")).status, 400);
  EXPECT_EQ(call("GET", core("configmaps?fieldSelector=nonsense")).message(),
            "invalid selector: 'nonsense'; can't understand 'nonsense'");
  create_pod("p", R"(,"nodeName":"here")");
  EXPECT_EQ(
      call("GET", core("pods?fieldSelector=spec.nodeName%3Dhere,status.phase%3DPending")).count("items"), 1u);
}

TEST_F(HttpLists, LongAnswersAreCompressedWhereAsked) {
  ASSERT_EQ(create_config("big", std::string(200'000, 'x')).status, 201);
  const Answer plain = call("GET", core("configmaps"));
  EXPECT_EQ(plain.headers.get("Content-Encoding"), "");
  const Answer packed = call("GET", core("configmaps"), "", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(packed.headers.get("Content-Encoding"), "gzip");
  EXPECT_EQ(packed.headers.get("Vary"), "Accept-Encoding");
  EXPECT_LT(packed.body.size(), 20'000u);
  EXPECT_EQ(packed.body.substr(0, 2), "\x1f\x8b");
  const Answer small = call("GET", core("configmaps/none"), "", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(small.headers.get("Content-Encoding"), "");
}

}  // namespace
}  // namespace mizzen::apiserver::testing
