#pragma once
#include <memory>
#include <string>

#include "async/runtime.h"
#include "base/result.h"
#include "network/attachments/attachments.h"
#include "network/plan/data_plane.h"
#include "network/plan/network_options.h"
#include "network/protocol/cni_call.h"

namespace mizzen::network {

/// Role: the pod network of a node, resident: keeps the plan of who has which part of it, has a data plane
/// carry it out, answers CNI plug-ins on a socket, and looks now and then whether somebody changed what it
/// made. Place: one for each data folder, made by the node's role; also by `down`, so that pods that are
/// taken off are heard. Truth: attachments/attachments.h.
/// Lifecycle: start() → stop(), which leaves pods' network as it is, for the next start() to take over: that
/// one reads what is there and changes only what differs; what belongs to pods that ended meanwhile goes.
/// down() takes all of it off the machine, whether one ran or not.
/// Threading: one thread of its own, which accepts; calls and looks run on the runtime's executor, all in the
/// network namespace that its threads were made in.
/// Failure: start() returns what the node cannot do; later failures are answers of the calls that they befall
/// and lines of the log, and the next look tries again.
class NodeNetwork {
 public:
  struct Deps {
    Runtime runtime;
    DataPlane& plane;
  };
  struct Options {
    NetworkOptions network;
    std::string boot_id;  ///< of the machine: what it remembers ends with a boot
    Duration resync_every = std::chrono::seconds(30);
  };
  NodeNetwork(Deps deps, Options options);
  ~NodeNetwork();

  /// AlreadyExists where another process has the data folder.
  Result<void> start(Deadline deadline);
  void stop();
  /// stop(), and takes the node's part away again where start() made it and no pod came.
  void stop_what_was_started();

  /// One call of a CNI runtime, as the socket serves it. Never fails but in the answer: errors are CNI error
  /// documents with the specification's codes.
  CniAnswer serve(const CniCall& call, Deadline deadline);
  /// Looks now: see Attachments::resync().
  Result<std::string> resync(Deadline deadline);
  /// Requires: started.
  NodePlan plan() const;

  /// Removes bridge, pods' interfaces, rules, socket and journal. Pods must be gone. Idempotent.
  static Result<void> down(DataPlane& plane, const Options& options);

 private:
  struct Impl;
  const std::shared_ptr<Impl> impl_;
};

}  // namespace mizzen::network
