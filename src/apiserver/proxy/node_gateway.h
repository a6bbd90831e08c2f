#pragma once
#include <memory>
#include <string>

#include "api/schema/core/v1/pod.h"
#include "apiserver/registry/core.h"
#include "apiserver/verbs/http_api.h"
#include "http/client/client.h"
#include "pki/certificate.h"

namespace mizzen::apiserver {

/// Role: the way from the API to a node's kubelet: logs, exec, attach and port-forward of a pod.
/// Kubernetes contract: SPDY sessions pass byte for byte; exec and attach over WebSocket v5 are translated to
/// SPDY, port forwards inside a WebSocket are unpacked; other WebSocket protocols pass as they are. Texts are
/// upstream's. Place: made by ApiServer. Threading: thread-safe; serve() returns at once, its own workers do
/// the rest. Failure: a node that cannot be reached is 500 with the reason, before anything was upgraded.
/// Bounds: kSessionsMax followed logs and sessions being set up at once; more wait.
class KubeletGateway final : public NodeGateway {
 public:
  static constexpr size_t kSessionsMax = 256;
  struct Deps {
    http::Loops& loops;
    Core& core;
    std::string local_node = {};  ///< the node of this process: it may be reached over loopback
  };
  /// `identity`: what kubelets accept; `authority_pem`: who signs kubelets' certificates.
  KubeletGateway(Deps deps, const pki::KeyPair& identity, const std::string& authority_pem);
  ~KubeletGateway() override;
  void serve(const HandlingPtr& handling, const Object& pod) override;
  /// Who we are to kubelets from now on; sessions live on.
  Result<void> renew(const pki::KeyPair& identity);
  /// Ends what is under way. Idempotent.
  void stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Pure. The container a request is about: the one it names, or the only one of the pod. BadRequest
/// otherwise.
Result<std::string> choose_container(const api::core::v1::Pod& pod, const std::string& asked);

}  // namespace mizzen::apiserver
