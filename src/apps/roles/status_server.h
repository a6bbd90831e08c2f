#pragma once
#include <memory>
#include <string>

#include "base/result.h"
#include "http/loop/loop.h"
#include "http/server/server.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace mizzen::apps {

/// Role: health and metrics of a component, over HTTPS with a certificate made at the start. Kubernetes
/// contract: /healthz, /livez, /readyz and /metrics as kube-controller-manager and kube-scheduler serve them.
/// Everybody may ask for health; metrics are for who shows a certificate of the client CA that the API server
/// would let see them. Threading: start and stop from one thread; answers on the loops.
class StatusServer {
 public:
  struct Options {
    std::string address;
    uint16_t port = 0;
    std::string client_ca_pem;  ///< empty: nobody sees metrics
  };
  struct Deps {
    http::Loops& loops;
    const Clock& clock;
    const Health& health;
    Metrics& metrics;
  };
  StatusServer(Deps deps, Options options);
  Result<void> start();
  void stop(Deadline deadline);
  uint16_t port() const { return server_->port(); }

 private:
  void answer(const http::ExchangePtr& exchange) const;

  const Deps deps_;
  const Options options_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace mizzen::apps
