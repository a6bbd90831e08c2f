#include "controllers/objects/namespaces/decide.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/tables/schema.h"

namespace mizzen::controllers::namespaces {
namespace {

/// One condition in both of its states.
struct Wanted {
  const char* type;
  bool on;
  const char* reason;
  std::string message;
  const char* reason_off;
  const char* message_off;
};

void set_condition(Namespace& ns, const Wanted& wanted, WallTime now) {
  auto& all = ns.status.conditions;
  auto it = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c.type == wanted.type; });
  if (it == all.end()) {
    all.emplace_back().type = wanted.type;
    it = std::prev(all.end());
  }
  const char* status = wanted.on ? "True" : "False";
  if (it->status != status) it->lastTransitionTime = codec::Time::from(now);
  it->status = status;
  it->reason = wanted.on ? wanted.reason : wanted.reason_off;
  it->message = wanted.on ? wanted.message : wanted.message_off;
}

}  // namespace

bool is_system(std::string_view name) {
  return std::find(std::begin(kSystemNamespaces), std::end(kSystemNamespaces), name) !=
         std::end(kSystemNamespaces);
}

std::string finalizers_text(const std::map<std::string, size_t>& held) {
  std::string out;
  for (const auto& [finalizer, n] : held)
    out += fmt::format("{}{} in {} resource instances", out.empty() ? "" : ", ", finalizer, n);
  return out;
}

std::optional<Namespace> judged_status(const Namespace& ns, const Content& content, WallTime now) {
  Namespace next = ns;
  set_condition(next,
                {"NamespaceDeletionContentFailure", !content.failure.empty(), "ContentDeletionFailed",
                 "Failed to delete all resource types, 1 remaining: " + content.failure, "ContentDeleted",
                 "All content successfully deleted, may be waiting on finalization"},
                now);
  set_condition(next,
                {"NamespaceContentRemaining", content.left > 0, "SomeResourcesRemain",
                 "Some resources are remaining: " + content.resources, "ContentRemoved",
                 "All content successfully removed"},
                now);
  set_condition(next,
                {"NamespaceFinalizersRemaining", !content.finalizers.empty(), "SomeFinalizersRemain",
                 "Some content in the namespace has finalizers remaining: " + content.finalizers,
                 "ContentHasNoFinalizers", "All content-preserving finalizers finished"},
                now);
  if (codec::equal(next, ns)) return std::nullopt;
  return next;
}

}  // namespace mizzen::controllers::namespaces
