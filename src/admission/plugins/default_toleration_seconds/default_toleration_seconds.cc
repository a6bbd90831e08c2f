#include "admission/plugins/default_toleration_seconds/default_toleration_seconds.h"

#include "api/schema/core/v1/pod.h"

namespace mizzen::admission {
namespace {

constexpr Interest kInterests[] = {{Operation::Create | Operation::Update, "", "pods", ""}};
constexpr int64_t kSeconds = 300;

}  // namespace

std::span<const Interest> DefaultTolerationSeconds::interests() const { return kInterests; }

Plugin::Answer DefaultTolerationSeconds::mutate(Attributes& a, const Resume&) const {
  auto& tolerations = a.object->as<api::core::v1::Pod>()->spec.tolerations;
  for (const char* key : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
    bool there = false;
    for (const auto& t : tolerations)
      there |= (t.key == key || t.key.empty()) && (t.effect == "NoExecute" || t.effect.empty());
    if (there) continue;
    auto& t = tolerations.emplace_back();
    t.key = key;
    t.operator_ = "Exists";
    t.effect = "NoExecute";
    t.tolerationSeconds = kSeconds;
  }
  return Result<void>();
}

}  // namespace mizzen::admission
