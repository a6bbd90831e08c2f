#pragma once
#include <memory>
#include <string>

#include "kubelet/sources/document_pods.h"
#include "store/etcd/key_watch.h"

namespace mizzen::apps {

/// Role: the founding agent's third source: the pods that a key of an etcd binds to this node,
/// /registry/nodes/NAME/boundpods. Threading and failure: as KeyWatch's.
class EtcdFeed final : public kubelet::ManifestFeed {
 public:
  /// `url`: http://host:port or https://host:port.
  static Result<std::unique_ptr<EtcdFeed>> open(const std::string& url, const std::string& ca_file,
                                                const std::string& node_name);
  std::string source() const override { return "etcd"; }
  std::string place() const override { return key_; }
  void start(std::function<void(Result<std::string>)> told) override;
  void stop() override { watch_->stop(); }

 private:
  EtcdFeed(std::string key, std::unique_ptr<store::etcd::KeyWatch> watch)
      : key_(std::move(key)), watch_(std::move(watch)) {}
  const std::string key_;
  const std::unique_ptr<store::etcd::KeyWatch> watch_;
};

}  // namespace mizzen::apps
