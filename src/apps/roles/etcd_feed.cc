#include "apps/roles/etcd_feed.h"

#include "base/file.h"
#include "http/message/url.h"
#include "telemetry/log.h"

namespace mizzen::apps {

Result<std::unique_ptr<EtcdFeed>> EtcdFeed::open(const std::string& url, const std::string& ca_file,
                                                 const std::string& node_name) {
  auto target = http::parse_target(url);
  if (!target.ok()) return target.error().with_context("--etcd-servers");
  store::etcd::KeyWatch::Options options;
  options.address = http::join_host_port(target->host, target->port);
  options.tls = target->tls;
  options.key = "/registry/nodes/" + node_name + "/boundpods";
  if (!ca_file.empty()) {
    auto pem = read_file(ca_file);
    if (!pem.ok()) return pem.error().with_context("--etcd-cafile");
    options.ca_pem = std::move(*pem);
  }
  const std::string key = options.key;
  MZ_ASSIGN(auto watch, store::etcd::KeyWatch::open(real_clock(), std::move(options)));
  return std::unique_ptr<EtcdFeed>(new EtcdFeed(key, std::move(watch)));
}

void EtcdFeed::start(std::function<void(Result<std::string>)> told) {
  log::info("kubelet", "Watching etcd for " + key_);
  watch_->start(std::move(told));
}

}  // namespace mizzen::apps
