#pragma once
#include <memory>
#include <string>

#include "api/schema/coordination/v1/lease.h"
#include "base/clock.h"
#include "client/api/api_client.h"

namespace mizzen::client {

inline constexpr const char* kNodeLeaseNamespace = "kube-node-lease";
/// Time between two renewals. Of upstream's kubelet, like the next.
inline constexpr Duration kNodeLeaseRenewed = std::chrono::seconds(10);
inline constexpr int32_t kNodeLeaseSeconds = 40;

/// The node's lease as its kubelet writes it at `now`. It is owned by the Node of this uid; an empty uid: by
/// nobody yet. Pure.
api::coordination::v1::Lease renewed(api::coordination::v1::Lease lease, const std::string& node,
                                     const std::string& uid, WallTime now);

/// Role: a node's sign of life: the Lease of its name. Kubernetes contract: upstream's lease controller: what
/// it wrote last is written again with a new time, in one request; the lease is read only at the start and
/// after a write that failed, and made where there is none. Threading: confined. Failure: renew() says what
/// the API said; the next one begins with a look.
class NodeLease {
 public:
  explicit NodeLease(std::string node) : node_(std::move(node)) {}
  /// Blocks for up to three calls.
  Result<void> renew(ApiClient& api, const std::string& uid, WallTime now, const Call& call = {});

 private:
  using Lease = api::coordination::v1::Lease;
  /// Keeps what came of a write; its error, where it failed.
  Result<void> note(Result<std::shared_ptr<const Lease>> written);

  const std::string node_;
  std::shared_ptr<const Lease> written_;  ///< null: not known
};

}  // namespace mizzen::client
