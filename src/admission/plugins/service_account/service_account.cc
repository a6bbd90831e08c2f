#include "admission/plugins/service_account/service_account.h"

#include <fmt/format.h>

#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/service_account.h"
#include "base/strings.h"

namespace mizzen::admission {
namespace {

constexpr Interest kInterests[] = {{static_cast<Operations>(Operation::Create), "", "pods", ""}};
constexpr std::string_view kMirror = "kubernetes.io/config.mirror";

}  // namespace

std::span<const Interest> ServiceAccount::interests() const { return kInterests; }

Plugin::Answer ServiceAccount::mutate(Attributes& a, const Resume&) const {
  auto& pod = *a.object->as<api::core::v1::Pod>();
  std::string& account = pod.spec.serviceAccountName;
  if (account.empty()) account = "default";
  pod.spec.serviceAccount = account;
  if (pod.metadata.annotations.contains(kMirror)) return Result<void>();
  if (objects_.cached<api::core::v1::ServiceAccount>(a.namespace_, account)) return Result<void>();
  return refuse(a, fmt::format("error looking up service account {}/{}: serviceaccount {} not found",
                               a.namespace_, account, quote(account)));
}

}  // namespace mizzen::admission
