#include <gtest/gtest.h>

#include "api/schema/apps/v1/deployment.h"
#include "api/schema/authentication/v1/token_request.h"
#include "api/schema/autoscaling/v1/scale.h"
#include "api/schema/coordination/v1/lease.h"
#include "api/schema/core/v1/binding.h"
#include "api/schema/core/v1/event.h"
#include "api/schema/core/v1/node.h"
#include "api/schema/core/v1/service.h"
#include "api/schema/core/v1/service_account.h"
#include "api/schema/discovery/v1/endpoint_slice.h"
#include "client/testing/conformance_cases.h"
#include "client/testing/small_objects.h"

namespace mizzen::client::testing {
namespace {

using api::apps::v1::Deployment;
using api::authentication::v1::TokenRequest;
using api::autoscaling::v1::Scale;
using api::core::v1::Binding;
using api::core::v1::ConfigMap;
using api::core::v1::Node;
using api::core::v1::Pod;
using api::core::v1::ServiceAccount;
using meta::v1::DeleteOptions;

Code code_of(const auto& result) { return result.ok() ? Code::Unknown : result.error().code(); }

void objects_come_change_and_go(ApiUnderTest& t, const std::string& ns) {
  ApiClient& api = t.api();
  EXPECT_EQ(code_of(get<ConfigMap>(api, ns, "c", Call())), Code::NotFound);
  const auto made = create(api, config(ns, "c"), Call());
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_FALSE((*made)->metadata.uid.empty());
  EXPECT_FALSE((*made)->metadata.resourceVersion.empty());
  EXPECT_EQ(code_of(create(api, config(ns, "c"), Call())), Code::AlreadyExists);

  ConfigMap next = **made;
  next.data.set("key", "w");
  const auto changed = update(api, next, Call());
  ASSERT_TRUE(changed.ok()) << changed.error().message();
  EXPECT_NE((*changed)->metadata.resourceVersion, (*made)->metadata.resourceVersion);
  EXPECT_EQ(code_of(update(api, next, Call())), Code::Conflict) << "its version is an old one";
  const auto seen = get<ConfigMap>(api, ns, "c", Call());
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(*(*seen)->data.find("key"), "w");

  DeleteOptions other;
  other.preconditions.ensure().uid = "another";
  EXPECT_EQ(code_of(remove<ConfigMap>(api, ns, "c", other, Call())), Code::Conflict);
  const auto gone = remove<ConfigMap>(api, ns, "c", {}, Call());
  ASSERT_TRUE(gone.ok()) << gone.error().message();
  EXPECT_EQ(gone->meta().name, "c");
  EXPECT_EQ(gone->meta().uid, (*made)->metadata.uid);
  EXPECT_EQ(code_of(remove<ConfigMap>(api, ns, "c", {}, Call())), Code::NotFound);
}

void errors_say_what_is_wrong_where(ApiUnderTest& t, const std::string& ns) {
  Pod wrong = pod(ns, "Wrong_Name");
  const auto refused = create(t.api(), wrong, Call());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::Invalid);
  EXPECT_EQ(refused.error().details().kind, "Pod");
  ASSERT_FALSE(refused.error().details().causes.empty());
  EXPECT_EQ(refused.error().details().causes[0].field, "metadata.name");
  const auto missing = get<Pod>(t.api(), ns, "none", Call());
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().message(), "pods \"none\" not found");
  EXPECT_EQ(missing.error().details().name, "none");
}

void dry_runs_change_nothing(ApiUnderTest& t, const std::string& ns) {
  WriteOptions dry;
  dry.dry_run = true;
  ASSERT_TRUE(create(t.api(), config(ns, "dry"), Call(), dry).ok());
  EXPECT_EQ(code_of(get<ConfigMap>(t.api(), ns, "dry", Call())), Code::NotFound);
}

void patches_of_each_kind(ApiUnderTest& t, const std::string& ns) {
  ApiClient& api = t.api();
  ASSERT_TRUE(create(api, pod(ns, "p"), Call()).ok());
  const auto label = [&](PatchType type, const std::string& body, const std::string& key) {
    const auto done = patch<Pod>(api, ns, "p", type, body, Call());
    EXPECT_TRUE(done.ok()) << done.error().message();
    return done.ok() && (*done)->metadata.labels.contains(key);
  };
  EXPECT_TRUE(label(PatchType::Merge, R"({"metadata":{"labels":{"a":"1"}}})", "a"));
  EXPECT_TRUE(label(PatchType::Json, R"([{"op":"add","path":"/metadata/labels/b","value":"2"}])", "b"));
  EXPECT_TRUE(label(PatchType::Strategic, R"({"metadata":{"labels":{"c":"3"}}})", "c"));
  WriteOptions status;
  status.subresource = "status";
  const auto told =
      patch<Pod>(api, ns, "p", PatchType::Strategic, R"({"status":{"phase":"Running"}})", Call(), status);
  ASSERT_TRUE(told.ok()) << told.error().message();
  EXPECT_EQ((*told)->status.phase, "Running");
  EXPECT_EQ(code_of(patch<Pod>(api, ns, "none", PatchType::Merge, "{}", Call())), Code::NotFound);
}

/// As a node asks for them.
void tokens_of_accounts(ApiUnderTest& t, const std::string& ns) {
  ApiClient& api = t.api();
  ServiceAccount account;
  account.metadata.namespace_ = ns;
  account.metadata.name = "robot";
  ASSERT_TRUE(create(api, account, Call()).ok());
  Pod of_robot = pod(ns, "p");
  of_robot.spec.serviceAccountName = "robot";
  const auto made = create(api, of_robot, Call());
  ASSERT_TRUE(made.ok()) << made.error().message();
  const auto ask = [&](const std::string& name, const std::string& pod_uid) {
    TokenRequest request;
    request.metadata.namespace_ = ns;
    request.metadata.name = name;
    request.spec.audiences = {"vault"};
    request.spec.expirationSeconds = 600;
    auto& bound = request.spec.boundObjectRef.ensure();
    bound.kind = "Pod";
    bound.apiVersion = "v1";
    bound.name = "p";
    bound.uid = pod_uid;
    return create_part<ServiceAccount>(api, Object::of(request), "token", Call());
  };
  const auto answer = ask("robot", (*made)->metadata.uid);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  const auto* issued = answer->as<TokenRequest>();
  ASSERT_TRUE(issued);
  EXPECT_FALSE(issued->status.token.empty());
  EXPECT_TRUE(issued->status.expirationTimestamp.is_set());
  EXPECT_EQ(issued->spec.expirationSeconds, 600);
  const auto nobodys = ask("nobody", (*made)->metadata.uid);
  ASSERT_FALSE(nobodys.ok());
  EXPECT_EQ(nobodys.error().message(), "serviceaccounts \"nobody\" not found");
  EXPECT_EQ(code_of(ask("robot", "another")), Code::Conflict);
}

void parts_of_objects(ApiUnderTest& t, const std::string& ns) {
  ApiClient& api = t.api();
  Node node;
  node.metadata.name = ns + "-node";
  ASSERT_TRUE(create(api, node, Call()).ok());
  const auto made = create(api, pod(ns, "p"), Call());
  ASSERT_TRUE(made.ok());
  Binding binding;
  binding.metadata.namespace_ = ns;
  binding.metadata.name = "p";
  binding.target.kind = "Node";
  binding.target.name = node.metadata.name;
  const auto bound = create_part<Pod>(api, Object::of(binding), "binding", Call());
  ASSERT_TRUE(bound.ok()) << bound.error().message();
  const auto seen = get<Pod>(api, ns, "p", Call());
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ((*seen)->spec.nodeName, node.metadata.name);
  EXPECT_EQ(code_of(create_part<Pod>(api, Object::of(binding), "binding", Call())), Code::Conflict);

  Pod running = **seen;
  running.status.phase = "Running";
  running.spec.nodeName = "elsewhere";
  const auto told = update_status(api, running, Call());
  ASSERT_TRUE(told.ok()) << told.error().message();
  EXPECT_EQ((*told)->status.phase, "Running");
  EXPECT_EQ((*told)->spec.nodeName, node.metadata.name) << "only the status changes";

  ASSERT_TRUE(create(api, deployment(ns, "web"), Call()).ok());
  Scale scale;
  scale.metadata.namespace_ = ns;
  scale.metadata.name = "web";
  scale.spec.replicas = 3;
  const auto resource = require_resource<Deployment>(api);
  const auto scaled = api.update(*resource, Object::of(scale), WriteOptions{"scale", false, ""}, Call());
  ASSERT_TRUE(scaled.ok()) << scaled.error().message();
  const auto web = get<Deployment>(api, ns, "web", Call());
  ASSERT_TRUE(web.ok());
  EXPECT_EQ((*web)->spec.replicas, 3);
  EXPECT_FALSE(api.update(*resource, Object::of(scale), WriteOptions{"nothing", false, ""}, Call()).ok());
}

void lists_select_and_come_in_pages(ApiUnderTest& t, const std::string& ns) {
  ApiClient& api = t.api();
  for (int i = 0; i < 7; ++i)
    ASSERT_TRUE(create(api, config(ns, "c" + std::to_string(i), i % 2 == 0 ? "even" : "odd"), Call()).ok());
  const auto resource = require_resource<ConfigMap>(api);
  const auto names = [&](ListOptions options) {
    options.namespace_ = ns;
    const auto list = api.list(*resource, options, Call());
    EXPECT_TRUE(list.ok()) << list.error().message();
    std::string out;
    if (list.ok())
      for (const Object& o : list->items) out += o.meta().name + " ";
    return out;
  };
  EXPECT_EQ(names({}), "c0 c1 c2 c3 c4 c5 c6 ");
  ListOptions odd;
  odd.label_selector = "value=odd";
  EXPECT_EQ(names(odd), "c1 c3 c5 ");
  ListOptions one;
  one.field_selector = "metadata.name=c4";
  EXPECT_EQ(names(one), "c4 ");
  ListOptions page;
  page.namespace_ = ns;
  page.limit = 3;
  std::string walked;
  std::vector<std::string> versions;
  do {
    const auto list = api.list(*resource, page, Call());
    ASSERT_TRUE(list.ok()) << list.error().message();
    ASSERT_LE(list->items.size(), 3u);
    for (const Object& o : list->items) walked += o.meta().name + " ";
    versions.push_back(list->resource_version);
    page.continue_token = list->continue_token;
  } while (!page.continue_token.empty());
  EXPECT_EQ(walked, "c0 c1 c2 c3 c4 c5 c6 ");
  EXPECT_EQ(versions.size(), 3u);
  ListOptions wrong;
  wrong.label_selector = "a in";
  EXPECT_EQ(code_of(api.list(*resource, wrong, Call())), Code::BadRequest);
}

void kinds_of_other_groups(ApiUnderTest& t, const std::string& ns) {
  ApiClient& api = t.api();
  api::coordination::v1::Lease lease;
  lease.metadata.namespace_ = ns;
  lease.metadata.name = "l";
  lease.spec.holderIdentity = "me";
  EXPECT_TRUE(create(api, lease, Call()).ok());
  api::discovery::v1::EndpointSlice slice;
  slice.metadata.namespace_ = ns;
  slice.metadata.name = "s";
  slice.addressType = "IPv4";
  slice.endpoints.emplace_back().addresses = {"10.0.0.1"};
  EXPECT_TRUE(create(api, slice, Call()).ok());
  api::core::v1::Event event;
  event.metadata.namespace_ = ns;
  event.metadata.name = "e";
  event.involvedObject.namespace_ = ns;
  event.reason = "Because";
  event.type = "Normal";
  const auto told = create(api, event, Call());
  ASSERT_TRUE(told.ok()) << told.error().message();
  EXPECT_EQ((*told)->reason, "Because");
  api::core::v1::Service service;
  service.metadata.namespace_ = ns;
  service.metadata.name = "s";
  service.spec.ports.emplace_back().port = 80;
  const auto made = create(api, service, Call());
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_FALSE((*made)->spec.clusterIP.empty());
}

void what_is_served_is_known(ApiUnderTest& t, const std::string&) {
  const auto now = t.api().registry_now(Call());
  ASSERT_TRUE(now.ok()) << now.error().message();
  for (const api::ResourceInfo& r : t.api().registry()->resources()) {
    EXPECT_TRUE((*now)->has(r)) << r.qualified();
  }
  EXPECT_TRUE((*now)->find<Pod>());
}

void calls_end_in_time(ApiUnderTest& t, const std::string& ns) {
  StopSource stop;
  stop.stop();
  Call call;
  call.stop = stop.token();
  // A call that need not wait may have been made all the same; one that waits ends.
  const auto stopped = create(t.api(), config(ns, "stopped"), call);
  EXPECT_TRUE(stopped.ok() || stopped.error().code() == Code::Cancelled) << stopped.error().message();
}

constexpr ConformanceCase kCases[] = {
    {"ObjectsComeChangeAndGo", objects_come_change_and_go},
    {"ErrorsSayWhatIsWrongWhere", errors_say_what_is_wrong_where},
    {"DryRunsChangeNothing", dry_runs_change_nothing},
    {"PatchesOfEachKind", patches_of_each_kind},
    {"PartsOfObjects", parts_of_objects},
    {"TokensOfAccounts", tokens_of_accounts},
    {"ListsSelectAndComeInPages", lists_select_and_come_in_pages},
    {"KindsOfOtherGroups", kinds_of_other_groups},
    {"WhatIsServedIsKnown", what_is_served_is_known},
    {"CallsEndInTime", calls_end_in_time},
};

}  // namespace

std::span<const ConformanceCase> object_cases() { return kCases; }

}  // namespace mizzen::client::testing
