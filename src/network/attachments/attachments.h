#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "async/mutex.h"
#include "base/clock.h"
#include "base/result.h"
#include "network/attachments/turns.h"
#include "network/journal/journal.h"
#include "network/plan/data_plane.h"

namespace mizzen::network {

/// What a runtime asks for.
struct AttachRequest {
  AttachmentKey key;
  std::string network_namespace;
  std::string pod;  ///< namespace/name, where known
  std::vector<HostPort> ports;
};

/// Role: gives pods their part of the network and takes it back: keeps the plan, writes the journal, has the
/// data plane carry it out. Truth: the plan in memory, which the journal gives back after a restart; the
/// kernel follows it. Order: attach() writes the journal before it touches the kernel, and detach() after, so
/// that at any moment what is in the kernel is in the journal. An attachment lives as long as its network
/// namespace: one whose namespace is gone is a leftover, and goes at the next resync() or when somebody wants
/// its port. A host port belongs to the attachment that took it until that one's kernel state is gone.
/// Threading: thread-safe; different attachments are worked on beside each other, and those that want
/// something of the shared rules at the same time share a transaction. Blocks.
/// Failure: every call may be repeated; detach() after an attach() that stopped anywhere leaves nothing.
class Attachments {
 public:
  /// `journal` and `plane` must outlive it.
  Attachments(NodeSettings node, Remembered remembered, Journal& journal, DataPlane& plane);

  /// The same again where the container has the same already. BadRequest where it makes no sense, Conflict
  /// where a living attachment has one of the ports, TooManyRequests where no address is free.
  Result<PodAttachment> attach(const AttachRequest& request, Deadline deadline);
  /// Success where there is nothing.
  Result<void> detach(const AttachmentKey& key, Deadline deadline);
  /// NotFound or Conflict where what attach() made is not there, and could not be mended.
  Result<void> check(const AttachmentKey& key, Deadline deadline);
  /// detach() of all others.
  Result<void> keep_only(const std::set<AttachmentKey>& valid, Deadline deadline);

  /// Removes leftovers and mends what somebody else changed. What was mended, in words; empty where all was
  /// as it should be: then nobody had to wait for it.
  Result<std::string> resync(Deadline deadline);

  NodePlan plan() const;

 private:
  std::optional<PodAttachment> find(const AttachmentKey& key) const;
  Result<PodAttachment> claim(const AttachRequest& request, const linux::NamespaceId& space) MZ_EXCLUDES(m_);
  Result<void> free_ports_of_the_gone(const AttachRequest& request, Deadline deadline);
  Result<void> carry_out(const PodAttachment& pod, bool has_or_had_ports);
  Result<void> take_down(const AttachmentKey& key);
  Result<void> sweep(Deadline deadline);
  Result<void> publish();

  Journal& journal_;
  DataPlane& plane_;
  Turns turns_;
  mutable Mutex m_;
  NodePlan plan_ MZ_GUARDED_BY(m_);
  uint32_t last_ MZ_GUARDED_BY(m_);
  uint64_t version_ MZ_GUARDED_BY(m_) = 1;  ///< of plan_
  Mutex publish_m_;                         ///< taken before m_
  uint64_t published_ MZ_GUARDED_BY(publish_m_) = 0;
};

}  // namespace mizzen::network
