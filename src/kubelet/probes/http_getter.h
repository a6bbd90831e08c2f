#pragma once
#include <memory>

#include "async/executor.h"
#include "http/client/client.h"
#include "kubelet/probes/handler_run.h"

namespace mizzen::kubelet {

/// HttpGetter over http's client: no certificate is checked, as upstream's probes do, and nothing is shown to
/// the pod. Holds no thread but for looking up names. Threading: thread-safe; it tells on a loop. Lifecycle:
/// its end waits until everything begun was told; the executor outlives it.
class ClientHttpGetter final : public HttpGetter {
 public:
  ClientHttpGetter(http::Loops& loops, Executor& look_ups);
  void get(const std::string& url, const std::vector<std::pair<std::string, std::string>>& headers,
           Deadline deadline, const StopToken& stop, Done done) override;
  void connect(const std::string& host, int port, Deadline deadline, const StopToken& stop,
               std::function<void(Result<void>)> done) override;

 private:
  http::Client client_;
  Executor& look_ups_;
};

/// The one over http's client, or, without loops, one that reaches nobody.
std::unique_ptr<HttpGetter> make_getter(http::Loops* loops, Executor& executor);

}  // namespace mizzen::kubelet
