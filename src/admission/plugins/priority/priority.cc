#include "admission/plugins/priority/priority.h"

#include <fmt/format.h>

#include "api/schema/core/v1/pod.h"

namespace mizzen::admission {
namespace {

using api::core::v1::Pod;
using api::scheduling::v1::PriorityClass;

constexpr Interest kInterests[] = {
    {Operation::Create | Operation::Update, "", "pods", ""},
    {Operation::Create | Operation::Update, "scheduling.k8s.io", "priorityclasses", ""}};
constexpr std::string_view kPreempts = "PreemptLowerPriority";

}  // namespace

std::span<const Interest> Priority::interests() const { return kInterests; }

Priority::Class Priority::default_class() const {
  const api::RegistryPtr registry = objects_.registry();
  const api::ResourceInfo* classes = registry->find<PriorityClass>();
  if (!classes) return nullptr;
  // Before all(): a change in between is found again next time.
  const int64_t now = objects_.generation(*classes);
  Lock lock(m_);
  if (known_at_ == now) return default_;
  default_.reset();
  for (const Object& object : objects_.all(*classes)) {
    auto c = object.share<PriorityClass>();
    if (c->globalDefault && (!default_ || c->value < default_->value)) default_ = std::move(c);
  }
  known_at_ = now;
  return default_;
}

Plugin::Answer Priority::mutate(Attributes& a, const Resume&) const {
  Pod* pod = a.object->as<Pod>();
  if (!pod) return Result<void>();
  auto& spec = pod->spec;
  if (a.operation == Operation::Update) {
    // What a creation was given stays where an update leaves it out.
    const auto before = a.old.share<Pod>();
    if (!spec.priority) spec.priority = before->spec.priority;
    if (!spec.preemptionPolicy) spec.preemptionPolicy = before->spec.preemptionPolicy;
    return Result<void>();
  }
  Class c;
  if (spec.priorityClassName.empty()) {
    c = default_class();
    if (c) spec.priorityClassName = c->metadata.name;
  } else {
    const Object found = objects_.cached<PriorityClass>("", spec.priorityClassName);
    if (!found)
      return refuse(a, fmt::format("no PriorityClass with name {} was found", spec.priorityClassName));
    c = found.share<PriorityClass>();
  }
  const int32_t priority = c ? c->value : 0;
  const std::string preemption =
      c ? c->preemptionPolicy.value_or(std::string(kPreempts)) : std::string(kPreempts);
  if (spec.priority && *spec.priority != priority)
    return refuse(a, fmt::format("the integer value of priority ({}) must not be provided in pod spec; "
                                 "priority admission controller computed {} from the given PriorityClass "
                                 "name",
                                 *spec.priority, priority));
  if (spec.preemptionPolicy && *spec.preemptionPolicy != preemption)
    return refuse(a,
                  fmt::format("the string value of PreemptionPolicy ({}) must not be provided in pod spec; "
                              "priority admission controller computed {} from the given PriorityClass "
                              "name",
                              *spec.preemptionPolicy, preemption));
  spec.priority = priority;
  spec.preemptionPolicy = preemption;
  return Result<void>();
}

Plugin::Answer Priority::validate(const Attributes& a, const Resume&) const {
  const PriorityClass* wanted = a.object->as<PriorityClass>();
  if (!wanted || !wanted->globalDefault) return Result<void>();
  const Class present = default_class();
  if (!present || (a.operation == Operation::Update && present->metadata.name == wanted->metadata.name))
    return Result<void>();
  return refuse(a, fmt::format("PriorityClass {} is already marked as default. Only one default can exist",
                               present->metadata.name));
}

}  // namespace mizzen::admission
