#include "client/node/node_lease.h"

namespace mizzen::client {

using api::coordination::v1::Lease;

Lease renewed(Lease lease, const std::string& node, const std::string& uid, WallTime now) {
  lease.metadata.name = node;
  lease.metadata.namespace_ = kNodeLeaseNamespace;
  lease.spec.holderIdentity = node;
  lease.spec.leaseDurationSeconds = kNodeLeaseSeconds;
  lease.spec.renewTime = codec::Time::micros_from(now);
  if (lease.metadata.ownerReferences.empty() && !uid.empty()) {
    auto& owner = lease.metadata.ownerReferences.emplace_back();
    owner.apiVersion = "v1";
    owner.kind = "Node";
    owner.name = node;
    owner.uid = uid;
  }
  return lease;
}

Result<void> NodeLease::note(Result<std::shared_ptr<const Lease>> written) {
  written_ = written.ok() ? std::move(*written) : nullptr;
  if (!written.ok()) return written.error();
  return {};
}

Result<void> NodeLease::renew(ApiClient& api, const std::string& uid, WallTime now, const Call& call) {
  if (written_) {
    const auto done = note(update<Lease>(api, renewed(*written_, node_, uid, now), call));
    const bool changed =
        !done.ok() && (done.error().code() == Code::Conflict || done.error().code() == Code::NotFound);
    if (!changed) return done;
  }
  const auto found = get<Lease>(api, kNodeLeaseNamespace, node_, call);
  if (found.ok()) return note(update<Lease>(api, renewed(**found, node_, uid, now), call));
  if (found.error().code() != Code::NotFound) return found.error();
  return note(create<Lease>(api, renewed({}, node_, uid, now), call));
}

}  // namespace mizzen::client
