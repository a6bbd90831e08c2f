#pragma once
#include "client/informer/informer.h"
#include "kubelet/sources/pod_source.h"

namespace mizzen::kubelet {

/// The pods that the API binds to this node. Threading: it tells on the informer's executor.
class ApiPods final : public PodSource {
 public:
  ApiPods(client::Informer::Deps deps, const std::string& node_name);
  std::string_view name() const override { return "api"; }
  void start(PodSink& sink) override;
  void stop() override { pods_.stop(); }
  bool synced() const override { return pods_.synced(); }

 private:
  client::Informer pods_;
};

}  // namespace mizzen::kubelet
