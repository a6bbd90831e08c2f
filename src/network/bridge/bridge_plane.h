#pragma once
#include <optional>

#include "async/mutex.h"
#include "network/bridge/state/nft_table.h"
#include "network/plan/data_plane.h"

namespace mizzen::network {

/// Role: the data plane of a Linux bridge with veth pairs and a table of nftables, in the network namespace
/// of the calling threads, which must be one and the same. Truth: the kernel; of the table it remembers what
/// it wrote last, so that a pod's ports cost one transaction and no reading, and reads it where the kernel
/// refuses that.
class BridgePlane final : public DataPlane {
 public:
  Result<void> wire(const NodeSettings& node, const PodAttachment& pod) override;
  Result<void> unwire(const PodAttachment& pod) override;
  Result<void> ensure_node(const NodeSettings& node) override;
  Result<void> publish(const NodePlan& plan) override;
  Result<bool> differs(const NodePlan& plan) override;
  Result<std::string> reconcile(const NodePlan& plan) override;
  Result<void> verify(const NodePlan& plan, const PodAttachment& pod) override;
  Result<void> remove(const NodePlan& plan) override;

 private:
  Mutex m_;
  std::optional<NftTable> written_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::network
