#pragma once
#include <memory>
#include <string>

#include "kubelet/config/object_watches.h"
#include "kubelet/tokens/token_manager.h"

namespace mizzen::kubelet {

/// Role: all that this node's pods are given of the API: config maps and secrets (ObjectWatches), service
/// account tokens (TokenManager). Both are asked for at the same time, as soon as the pod is known.
/// Threading: as both: thread-safe, and nothing blocks but stop().
class PodObjects final : public volumes::ObjectSource {
 public:
  PodObjects(ObjectWatches::Deps watches, TokenManager::Deps tokens)
      : watches_(std::move(watches)), tokens_(std::move(tokens)) {}

  void watch(const Pod& pod) {
    watches_.watch(pod);
    tokens_.watch(pod);
  }
  void forget(const std::string& pod_uid) {
    watches_.forget(pod_uid);
    tokens_.forget(pod_uid);
  }
  /// Everything that the pod names was read, or asked for, at least once.
  bool ready(const std::string& pod_uid) const { return watches_.ready(pod_uid) && tokens_.ready(pod_uid); }
  void stop() {
    watches_.stop();
    tokens_.stop();
  }

  Result<std::shared_ptr<const api::core::v1::ConfigMap>> config_map(const std::string& namespace_,
                                                                     const std::string& name) override {
    return watches_.config_map(namespace_, name);
  }
  Result<std::shared_ptr<const api::core::v1::Secret>> secret(const std::string& namespace_,
                                                              const std::string& name) override {
    return watches_.secret(namespace_, name);
  }
  Result<std::string> service_account_token(
      const Pod& pod, const api::core::v1::ServiceAccountTokenProjection& wanted) override {
    return tokens_.token(token_wish(pod, wanted));
  }

 private:
  ObjectWatches watches_;
  TokenManager tokens_;
};

}  // namespace mizzen::kubelet
