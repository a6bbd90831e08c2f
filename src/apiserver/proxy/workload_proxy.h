#pragma once
#include <memory>

#include "apiserver/registry/core.h"
#include "apiserver/verbs/http_api.h"
#include "base/random.h"
#include "http/client/client.h"

namespace mizzen::apiserver {

/// Role: requests that the API passes on to a pod or to one of a service's pods: pods/NAME/proxy and
/// services/NAME/proxy, with any method. Kubernetes contract: names as [scheme:]name[:port]; a path without
/// its slash is redirected; the caller's credentials stay here; certificates of pods are not checked;
/// upgrades pass byte for byte. Links inside HTML are left as they are, unlike upstream. Place: made by
/// ApiServer. Threading: thread-safe; serve() returns at once, its own workers do the rest. Failure: a pod
/// that cannot be reached is 503 with the reason. Bounds: kRequestsMax at once, more wait; bodies of
/// HttpApi::kBodyBytesMax to a pod.
class WorkloadProxy final : public ProxyGateway {
 public:
  static constexpr size_t kRequestsMax = 64;
  struct Deps {
    http::Loops& loops;
    Core& core;
    Random& random;
  };
  explicit WorkloadProxy(Deps deps);
  ~WorkloadProxy() override;
  void serve(const HandlingPtr& handling) override;
  /// Ends what is under way. Idempotent.
  void stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace mizzen::apiserver
