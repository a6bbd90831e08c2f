#pragma once
#include <memory>
#include <vector>

#include "apps/config/node_options.h"
#include "base/clock.h"
#include "base/result.h"
#include "client/api/api_client.h"
#include "http/loop/loop.h"
#include "kubelet/access/node_auth.h"
#include "kubelet/kubelet.h"
#include "kubelet/server/node_identity.h"

namespace mizzen::apps {

/// Role: everything that makes this machine a node: containerd of our own, the pod network's plug-in, the
/// kubelet. Lifecycle: start() → stop(), which leaves the pods running; down() takes all of it off the
/// machine. Threading: from one thread. Failure: start() returns the first thing that is missing, in one
/// line.
class NodeRole {
 public:
  struct Deps {
    client::ApiClient& api;  ///< as system:node:NAME
    http::Loops& loops;
    kubelet::NodeIdentity& identity;  ///< what its server shows
    kubelet::NodeAuth& auth;          ///< who may call it
    bool standalone = false;          ///< there is no API
    std::vector<kubelet::ManifestFeed*> feeds = {};
  };
  NodeRole(Deps deps, NodeOptions options);
  ~NodeRole();
  Result<void> start(Deadline deadline);
  void stop();
  bool ready() const;
  int port() const;
  kubelet::Kubelet::OwnPods own_pods() const;

  /// Removes pods, containerd, links, rules, mounts, groups and folders of a node. Idempotent; goes on after
  /// a failure.
  static Result<void> down(const NodeOptions& options);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mizzen::apps
