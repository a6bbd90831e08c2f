#pragma once
#include <memory>

#include "http/client/client.h"
#include "kubelet/probes/handler_run.h"

namespace mizzen::kubelet {

/// HttpGetter over http's client: no certificate is checked, as upstream's probes do, and nothing is shown to
/// the pod. Threading: thread-safe.
class ClientHttpGetter final : public HttpGetter {
 public:
  explicit ClientHttpGetter(http::Loops& loops);
  Result<Answer> get(const std::string& url, const std::vector<std::pair<std::string, std::string>>& headers,
                     Deadline deadline) override;

 private:
  http::Client client_;
};

}  // namespace mizzen::kubelet
