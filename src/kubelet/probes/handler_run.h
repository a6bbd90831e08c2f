#pragma once
#include <string>

#include "api/schema/core/v1/pod_spec.h"
#include "base/clock.h"
#include "base/result.h"
#include "cri/runtime.h"
#include "kubelet/state/pod_facts.h"

namespace mizzen::kubelet {

/// How an action of a probe or hook went.
struct HandlerResult {
  enum class Outcome : uint8_t { Success, Failure, Warning, Unknown } outcome = Outcome::Success;
  std::string output;
};

/// Where an action is to be carried out.
struct HandlerTarget {
  const Pod& pod;
  const Container& container;
  std::string container_id;
  std::string pod_ip;
};

/// HTTP as probes and hooks need it: GET, TLS unverified. Behind it stands http's client; tests put a fake.
class HttpGetter {
 public:
  virtual ~HttpGetter() = default;
  struct Answer {
    int status = 0;
    std::string body;
    std::string location;
  };
  /// `headers`: name and value; sent as they are.
  virtual Result<Answer> get(const std::string& url,
                             const std::vector<std::pair<std::string, std::string>>& headers,
                             Deadline deadline) = 0;
};

/// Carries out what probes and lifecycle hooks ask for: exec, httpGet, tcpSocket, sleep. Blocks up to the
/// timeout. Threading: thread-safe.
class HandlerRunner {
 public:
  HandlerRunner(cri::Runtime& runtime, HttpGetter& http, const Clock& clock)
      : runtime_(runtime), http_(http), clock_(clock) {}
  HandlerResult exec(const HandlerTarget& target, const api::core::v1::ExecAction& action, Duration timeout);
  /// `agent`: User-Agent. With `any_status` every answer is a success (hooks).
  HandlerResult http_get(const HandlerTarget& target, const api::core::v1::HTTPGetAction& action,
                         Duration timeout, const std::string& agent, bool any_status);
  HandlerResult grpc(const HandlerTarget& target, const api::core::v1::GRPCAction& action, Duration timeout);
  HandlerResult tcp(const HandlerTarget& target, const api::core::v1::TCPSocketAction& action,
                    Duration timeout);

 private:
  cri::Runtime& runtime_;
  HttpGetter& http_;
  const Clock& clock_;
};

/// The number behind a port that may be a name of one of the container's ports; 0 where there is none.
int32_t resolve_port(const codec::IntOrString& port, const Container& container);

}  // namespace mizzen::kubelet
