// Sets of a deployment: which is new, revisions, hashes, sizes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "base/strings.h"
#include "codec/json/json_codec.h"
#include "controllers/workloads/deployment/decide.h"

namespace mizzen::controllers::deployment {
namespace {

api::core::v1::PodTemplateSpec without_hash(const api::core::v1::PodTemplateSpec& tmpl) {
  auto out = tmpl;
  out.metadata.labels.erase(kHashLabel);
  return out;
}

/// A number, or a percentage of `total` rounded as told.
int32_t scaled(const std::optional<codec::IntOrString>& v, int32_t total, bool up) {
  if (!v) return 0;
  if (!v->is_string) return v->number;
  std::string_view text = v->text;
  if (!text.empty() && text.back() == '%') text.remove_suffix(1);
  const int64_t part = parse_int<int32_t>(text).value_or(0) * int64_t{total};
  return static_cast<int32_t>(up ? (part + 99) / 100 : part / 100);
}

}  // namespace

int64_t revision_of(const meta::v1::ObjectMeta& meta) {
  const std::string* text = meta.annotations.find(kRevision);
  return text ? parse_int<int64_t>(*text).value_or(0) : 0;
}

ReplicaSetPtr find_new_set(const Deployment& d, const std::vector<ReplicaSetPtr>& sets) {
  const auto wanted = without_hash(d.spec.template_);
  ReplicaSetPtr best;
  for (const ReplicaSetPtr& set : sets) {
    if (!codec::equal(without_hash(set->spec.template_), wanted)) continue;
    const bool older = !best || set->metadata.creationTimestamp < best->metadata.creationTimestamp ||
                       (set->metadata.creationTimestamp == best->metadata.creationTimestamp &&
                        set->metadata.name < best->metadata.name);
    if (older) best = set;
  }
  return best;
}

std::string template_hash(const api::core::v1::PodTemplateSpec& tmpl,
                          const std::optional<int32_t>& collisions) {
  std::string text = codec::to_json(tmpl);
  if (collisions) text += fmt::format("#{}", *collisions);
  uint32_t h = 2166136261u;
  for (char c : text) h = (h ^ static_cast<uint8_t>(c)) * 16777619u;
  return safe_encode(std::to_string(h));
}

Fenceposts fenceposts(const Deployment& d) {
  Fenceposts out;
  const int32_t replicas = d.spec.replicas.value_or(1);
  if (d.spec.strategy.type != "RollingUpdate" || !d.spec.strategy.rollingUpdate) return out;
  out.surge = scaled(d.spec.strategy.rollingUpdate->maxSurge, replicas, true);
  out.unavailable = scaled(d.spec.strategy.rollingUpdate->maxUnavailable, replicas, false);
  if (out.surge == 0 && out.unavailable == 0) out.unavailable = 1;
  out.unavailable = replicas == 0 ? 0 : std::min(out.unavailable, replicas);
  return out;
}

void set_size_annotations(ReplicaSet& set, const Deployment& d) {
  const int32_t replicas = d.spec.replicas.value_or(1);
  set.metadata.annotations.set(kDesired, std::to_string(replicas));
  set.metadata.annotations.set(kMax, std::to_string(replicas + fenceposts(d).surge));
}

}  // namespace mizzen::controllers::deployment
