#include "admission/plugins/runtime_class/runtime_class.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/tables/schema.h"

namespace mizzen::admission {
namespace {

using api::core::v1::Pod;
using api::core::v1::Toleration;
using Class = api::node::v1::RuntimeClass;

constexpr Interest kInterests[] = {{static_cast<Operations>(Operation::Create), "", "pods", ""}};
constexpr Duration kLookUp = std::chrono::seconds(2);

constexpr const char* kOtherOverhead =
    "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

const codec::Map<codec::Quantity>* overhead_of(const Class* c) {
  return c && c->overhead ? &c->overhead->podFixed : nullptr;
}

bool same_amounts(const codec::Map<codec::Quantity>& a, const codec::Map<codec::Quantity>& b) {
  return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](const auto& entry) {
           const auto* other = b.find(entry.first);
           return other && other->compare(entry.second) == 0;
         });
}

/// True where whatever `one` tolerates, `all` does.
bool covers(const Toleration& all, const Toleration& one) {
  if (codec::equal(all, one)) return true;
  const bool exists = all.operator_ == "Exists";
  if (one.key != all.key && !(all.key.empty() && exists)) return false;
  if (one.effect != all.effect && !all.effect.empty()) return false;
  if (all.effect == "NoExecute" && all.tolerationSeconds) {
    if (!one.tolerationSeconds || *one.tolerationSeconds > *all.tolerationSeconds) return false;
  }
  return exists || (one.operator_ != "Exists" && one.value == all.value);
}

/// What others cover is left out.
std::vector<Toleration> merged(std::vector<Toleration> all) {
  std::vector<Toleration> out;
  for (size_t i = 0; i < all.size(); ++i) {
    const auto& t = all[i];
    const bool before = std::any_of(out.begin(), out.end(), [&](const auto& o) { return covers(o, t); });
    const bool after = std::any_of(all.begin() + static_cast<ptrdiff_t>(i) + 1, all.end(),
                                   [&](const auto& o) { return !codec::equal(o, t) && covers(o, t); });
    if (!before && !after) out.push_back(t);
  }
  return out;
}

/// The pod runs where its class does.
Result<void> place(const Attributes& a, Pod& pod, const Class& c) {
  if (!c.scheduling) return {};
  for (const auto& [key, value] : c.scheduling->nodeSelector) {
    const auto* own = pod.spec.nodeSelector.find(key);
    if (own && *own != value)
      return refuse(a, fmt::format("conflict: runtimeClass.scheduling.nodeSelector[{0}] = {1}; "
                                   "pod.spec.nodeSelector[{0}] = {2}",
                                   key, value, *own));
    pod.spec.nodeSelector.set(key, value);
  }
  auto all = pod.spec.tolerations;
  all.insert(all.end(), c.scheduling->tolerations.begin(), c.scheduling->tolerations.end());
  pod.spec.tolerations = merged(std::move(all));
  return {};
}

}  // namespace

std::span<const Interest> RuntimeClass::interests() const { return kInterests; }

Plugin::Answer RuntimeClass::with_class(const Attributes& a, const Resume& resume,
                                        std::function<Result<void>(const Class*)> with) const {
  const auto& wanted = a.object->as<Pod>()->spec.runtimeClassName;
  if (!wanted) return with(nullptr);
  const auto missing = [&a, name = *wanted] {
    return refuse(a, fmt::format("pod rejected: RuntimeClass \"{}\" not found", name));
  };
  const api::RegistryPtr registry = objects_.registry();
  const api::ResourceInfo* classes = registry->find<Class>();
  if (!classes) return missing();
  if (const Object found = objects_.cached(*classes, "", *wanted)) return with(found.share<Class>().get());
  objects_.newest(*classes, "", *wanted, Deadline::after(kLookUp, clock_),
                  [resume, missing, with = std::move(with)](Result<Object> found) {
                    if (found.ok()) return resume(with(found->share<Class>().get()));
                    resume(found.error().code() == Code::NotFound ? missing() : found.error());
                  });
  return kLater;
}

Plugin::Answer RuntimeClass::mutate(Attributes& a, const Resume& resume) const {
  return with_class(a, resume, [&a](const Class* c) -> Result<void> {
    Pod& pod = *a.object->as<Pod>();
    if (const auto* fixed = overhead_of(c)) {
      if (!pod.spec.overhead.empty() && !same_amounts(pod.spec.overhead, *fixed))
        return refuse(a, kOtherOverhead);
      pod.spec.overhead = *fixed;
    }
    return c ? place(a, pod, *c) : Result<void>();
  });
}

Plugin::Answer RuntimeClass::validate(const Attributes& a, const Resume& resume) const {
  return with_class(a, resume, [&a](const Class* c) -> Result<void> {
    const auto& own = a.object->as<Pod>()->spec.overhead;
    if (const auto* fixed = overhead_of(c))
      return same_amounts(own, *fixed) ? Result<void>() : refuse(a, kOtherOverhead);
    if (own.empty()) return {};
    return refuse(a, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
  });
}

}  // namespace mizzen::admission
