#include "apiserver/allocate/terms/term_keeper.h"

#include <fmt/format.h>

#include "api/schema/coordination/v1/lease.h"

namespace mizzen::apiserver {
namespace {

using api::coordination::v1::Lease;

constexpr std::string_view kTermPrefix = "/registry/mizzen/terms/";
constexpr std::string_view kNamespace = "kube-system";

/// Empty where nobody holds it, or where its terms are nobody's business.
std::string key_of(const Lease& lease) {
  const std::string holder = lease.spec.holderIdentity.value_or("");
  if (holder.empty() || lease.metadata.namespace_ != kNamespace) return "";
  return term_key(lease.metadata.namespace_, lease.metadata.name, holder);
}

}  // namespace

std::string term_key(std::string_view ns, std::string_view lease, std::string_view holder) {
  return fmt::format("{}{}/{}/{}", kTermPrefix, ns, lease, holder);
}

Result<Claims> TermKeeper::allocate(machinery::MutableObject& object, const machinery::Object& old) {
  const std::string before = old ? key_of(*old.as<Lease>()) : "";
  const std::string now = key_of(*object.as<Lease>());
  Claims out;
  if (before == now) return out;
  if (!before.empty()) out.release.push_back(before);
  const bool there = !now.empty() && there_.with([&](auto& keys) { return keys.erase(now) > 0; });
  if (!now.empty() && !there) out.take.push_back(now);
  out.owner = object.meta().uid;
  return out;
}

Claims TermKeeper::release(const machinery::Object& old) {
  Claims out;
  if (std::string key = key_of(*old.as<Lease>()); !key.empty()) out.release.push_back(std::move(key));
  return out;
}

void TermKeeper::lost(const std::vector<std::string>& keys) {
  there_.with([&](auto& there) {
    if (there.size() >= kKnownMax) there.clear();
    there.insert(keys.begin(), keys.end());
  });
}

}  // namespace mizzen::apiserver
