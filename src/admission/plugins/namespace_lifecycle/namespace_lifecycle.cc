#include "admission/plugins/namespace_lifecycle/namespace_lifecycle.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/schema/core/v1/namespace.h"

namespace mizzen::admission {
namespace {

using api::core::v1::Namespace;

constexpr Interest kInterests[] = {{Operation::Create | Operation::Update | Operation::Delete, Interest::kAny,
                                    Interest::kAny, Interest::kAny}};
constexpr std::string_view kImmortal[] = {"default", "kube-public", "kube-system"};
/// How long the store may take to tell of a namespace that the cache does not know.
constexpr Duration kLookUp = std::chrono::seconds(2);

Result<void> check(const Attributes& a, const Object& found) {
  if (a.operation != Operation::Create) return {};
  const auto ns = found.share<Namespace>();
  if (ns->status.phase != "Terminating" && !ns->metadata.deletionTimestamp) return {};
  return refuse(a,
                fmt::format("unable to create new content in namespace {} because it is being terminated",
                            a.namespace_),
                {{"NamespaceTerminating", fmt::format("namespace {} is being terminated", a.namespace_),
                  "metadata.namespace"}});
}

}  // namespace

std::span<const Interest> NamespaceLifecycle::interests() const { return kInterests; }

Plugin::Answer NamespaceLifecycle::mutate(Attributes& a, const Resume& resume) const {
  const api::RegistryPtr registry = objects_.registry();
  const api::ResourceInfo* namespaces = registry->find<Namespace>();
  if (!namespaces) return Result<void>();
  if (&a.resource == namespaces) {
    const bool immortal =
        std::find(std::begin(kImmortal), std::end(kImmortal), a.name) != std::end(kImmortal);
    if (a.operation == Operation::Delete && immortal) return refuse(a, "this namespace may not be deleted");
    return Result<void>();
  }
  if (a.operation == Operation::Delete || !a.resource.namespaced) return Result<void>();
  if (const Object found = objects_.cached(*namespaces, "", a.namespace_)) return check(a, found);
  objects_.newest(*namespaces, "", a.namespace_, Deadline::after(kLookUp, clock_),
                  [&a, resume](Result<Object> found) {
                    resume(found.ok() ? check(a, *found) : Result<void>(found.error()));
                  });
  return kLater;
}

}  // namespace mizzen::admission
