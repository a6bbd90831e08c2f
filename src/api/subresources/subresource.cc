#include "api/subresources/subresource.h"

#include <algorithm>

#include "base/check.h"

namespace mizzen::api {
namespace {

using S = Subresource;
using V = Verb;

const std::vector<SubresourceRow>& rows() {
  static const std::vector<SubresourceRow> table = {
      {S::Status, "status", {V::Get, V::Patch, V::Update}, Handled::Store, "", ""},
      {S::Scale, "scale", {V::Get, V::Patch, V::Update}, Handled::Part, "Scale", "autoscaling/v1"},
      {S::Binding, "binding", {V::Create}, Handled::Part, "Binding", "v1"},
      {S::Eviction, "eviction", {V::Create}, Handled::Part, "Eviction", "policy/v1"},
      {S::Log, "log", {V::Get}, Handled::Session, "Pod", "v1"},
      {S::Exec, "exec", {V::Create, V::Get}, Handled::Session, "PodExecOptions", "v1"},
      {S::Attach, "attach", {V::Create, V::Get}, Handled::Session, "PodAttachOptions", "v1"},
      {S::PortForward, "portforward", {V::Create, V::Get}, Handled::Session, "PodPortForwardOptions", "v1"},
      {S::Proxy,
       "proxy",
       {V::Create, V::Delete, V::Get, V::Patch, V::Update},
       Handled::Proxy,
       "ProxyOptions",
       "v1",
       true},
      {S::Finalize, "finalize", {V::Update}, Handled::Part, "", ""},
      {S::EphemeralContainers, "ephemeralcontainers", {V::Get, V::Patch, V::Update}, Handled::Store, "", ""},
      {S::Token, "token", {V::Create}, Handled::Part, "TokenRequest", "authentication.k8s.io/v1"},
      {S::TokenReview, "", {V::Create}, Handled::Part, "", ""},
      {S::SelfSubjectReview, "", {V::Create}, Handled::Part, "", ""},
  };
  return table;
}

}  // namespace

std::string_view verb_name(Verb verb) {
  switch (verb) {
    case V::None:
      return "";
    case V::Get:
      return "get";
    case V::List:
      return "list";
    case V::Watch:
      return "watch";
    case V::Create:
      return "create";
    case V::Update:
      return "update";
    case V::Patch:
      return "patch";
    case V::Delete:
      return "delete";
    case V::DeleteCollection:
      return "deletecollection";
  }
  return "";
}

bool SubresourceRow::allows(Verb verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

std::span<const SubresourceRow> subresource_rows() { return rows(); }

const SubresourceRow& subresource_row(Subresource s) {
  const SubresourceRow& row = rows()[static_cast<size_t>(s)];
  MZ_CHECK(row.id == s && rows().size() == kSubresources, "the rows follow the enum: {}", row.name);
  return row;
}

const SubresourceRow* find_subresource(std::string_view name) {
  if (name.empty()) return nullptr;
  const auto it = std::find_if(rows().begin(), rows().end(), [&](const auto& r) { return r.name == name; });
  return it == rows().end() ? nullptr : &*it;
}

}  // namespace mizzen::api
