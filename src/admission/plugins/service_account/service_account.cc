#include "admission/plugins/service_account/service_account.h"

#include <fmt/format.h>

#include "admission/plugins/service_account/mountable_secrets.h"
#include "admission/plugins/service_account/token_mount.h"
#include "base/strings.h"

namespace mizzen::admission {
namespace {

namespace v1 = api::core::v1;

constexpr Interest kInterests[] = {
    {static_cast<Operations>(Operation::Create), "", "pods", ""},
    {static_cast<Operations>(Operation::Update), "", "pods", "ephemeralcontainers"}};
constexpr std::string_view kMirror = "kubernetes.io/config.mirror";
constexpr const char* kDefault = "default";
/// How long the store may take to tell of an account that the cache does not know.
constexpr Duration kLookUp = std::chrono::seconds(2);
/// Looks at the store for `default`, more than a second in all.
constexpr int kLooksMax = 24;

bool is_mirror(const v1::Pod& pod) { return pod.metadata.annotations.contains(std::string(kMirror)); }

Result<void> check_mirror(const Attributes& a, const v1::Pod& pod) {
  if (!pod.spec.serviceAccountName.empty())
    return refuse(a, "a mirror pod may not reference service accounts");
  if (names_secrets(pod)) return refuse(a, "a mirror pod may not reference secrets");
  for (const auto& volume : pod.spec.volumes) {
    if (!volume.volumeSource.projected) continue;
    for (const auto& part : volume.volumeSource.projected->sources)
      if (part.serviceAccountToken)
        return refuse(a, "a mirror pod may not use ServiceAccountToken volume projections");
  }
  return {};
}

Result<void> missing(const Attributes& a, const std::string& account, const Error& why) {
  return refuse(
      a, fmt::format("error looking up service account {}/{}: {}", a.namespace_, account,
                     why.code() == Code::NotFound ? fmt::format("serviceaccount {} not found", quote(account))
                                                  : why.message()));
}

}  // namespace

std::span<const Interest> ServiceAccount::interests() const { return kInterests; }

Plugin::Answer ServiceAccount::with_account(const Attributes& a, const std::string& account,
                                            const Resume& resume, With with) const {
  if (const Object found = objects_.cached<Account>(a.namespace_, account))
    return with(*found.share<Account>());
  look_up(a, account, 1, resume, with);
  return kLater;
}

void ServiceAccount::look_up(const Attributes& a, const std::string& account, int attempt,
                             const Resume& resume, const With& with) const {
  const api::RegistryPtr registry = objects_.registry();
  const api::ResourceInfo* accounts = registry->find<Account>();
  if (!accounts) return resume(missing(a, account, Error(Code::NotFound, "")));
  objects_.newest(*accounts, a.namespace_, account, Deadline::after(kLookUp, clock_),
                  [this, &a, account, attempt, resume, with](Result<Object> found) {
                    if (found.ok()) return resume(with(*found->share<Account>()));
                    const bool wait = found.error().code() == Code::NotFound && account == kDefault &&
                                      attempt < kLooksMax && !a.context.stop.stopped();
                    const auto again = [this, &a, account, attempt, resume, with] {
                      look_up(a, account, attempt + 1, resume, with);
                    };
                    if (!wait || !objects_.later(attempt, again)) resume(missing(a, account, found.error()));
                  });
}

Plugin::Answer ServiceAccount::mutate(Attributes& a, const Resume& resume) const {
  if (a.operation != Operation::Create) return Result<void>();
  auto& pod = *a.object->as<v1::Pod>();
  if (is_mirror(pod)) return Result<void>();
  std::string& account = pod.spec.serviceAccountName;
  if (account.empty()) account = kDefault;
  pod.spec.serviceAccount = account;
  return with_account(a, account, resume, [this, &pod](const Account& found) -> Result<void> {
    if (wants_token(found, pod)) mount_token(pod, kTokenVolumePrefix + safe_suffix(random_, 5));
    if (pod.spec.imagePullSecrets.empty()) pod.spec.imagePullSecrets = found.imagePullSecrets;
    return {};
  });
}

Plugin::Answer ServiceAccount::validate(const Attributes& a, const Resume& resume) const {
  const auto& pod = *a.object->as<v1::Pod>();
  const bool creating = a.operation == Operation::Create;
  if (creating && is_mirror(pod)) return check_mirror(a, pod);
  const std::string& account = pod.spec.serviceAccountName;
  if (account.empty())
    return refuse(a,
                  fmt::format("no service account specified for pod {}/{}", a.namespace_, pod.metadata.name));
  return with_account(a, account, resume, [&a, &pod, creating](const Account& found) -> Result<void> {
    if (!limits_secrets(found)) return {};
    // Of ephemeral containers upstream tells it as an error that is not the API's own; the words are the
    // same.
    const auto why = creating ? unlisted_secret(found, pod) : unlisted_secret_of_ephemeral(found, pod);
    if (why) return refuse(a, *why);
    return {};
  });
}

}  // namespace mizzen::admission
