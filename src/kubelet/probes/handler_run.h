#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/schema/core/v1/pod_spec.h"
#include "async/alarms.h"
#include "async/executor.h"
#include "async/gate.h"
#include "async/stop.h"
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

/// Told once how an action went.
using HandlerDone = std::function<void(HandlerResult)>;

/// Where an action is to be carried out.
struct HandlerTarget {
  std::shared_ptr<const Pod> pod;
  std::string container;
  std::string container_id;
  std::string pod_ip;
};

/// How long an action may take, and who may end it early: it is Unknown then.
struct HandlerCall {
  Duration timeout;  ///< zero: as long as it takes (exec alone)
  StopToken stop = {};
};

/// HTTP and TCP as probes and hooks need them: GET, TLS unverified. Behind it stands http's client; tests put
/// a fake. Threading: thread-safe; `done` is told later, once, and must be short.
class HttpGetter {
 public:
  virtual ~HttpGetter() = default;
  struct Answer {
    int status = 0;
    std::string body;
    std::string location;
  };
  using Done = std::function<void(Result<Answer>)>;
  /// `headers`: name and value; sent as they are.
  virtual void get(const std::string& url, const std::vector<std::pair<std::string, std::string>>& headers,
                   Deadline deadline, const StopToken& stop, Done done) = 0;
  /// Whether somebody listens there.
  virtual void connect(const std::string& host, int port, Deadline deadline, const StopToken& stop,
                       std::function<void(Result<void>)> done) = 0;
};

/// Carries out what probes and lifecycle hooks ask for: exec, httpGet, tcpSocket, grpc, sleep. Holds no
/// thread. Threading: thread-safe; `done` is told later, on a thread of whoever carried it out, and must be
/// short. Lifecycle: stop() ends what is under way and waits for it; afterwards nothing begins and nobody is
/// told.
class HandlerRunner {
 public:
  struct Deps {
    cri::Runtime& runtime;
    HttpGetter& http;
    Alarms& alarms;
    Executor& executor;  ///< where channels of gRPC probes are closed
    const Clock& clock;
  };
  explicit HandlerRunner(Deps deps) : deps_(deps) {}
  ~HandlerRunner() { stop(); }
  void probe(const HandlerTarget& target, const api::core::v1::ProbeHandler& action, const HandlerCall& call,
             HandlerDone done);
  void hook(const HandlerTarget& target, const api::core::v1::LifecycleHandler& action,
            const HandlerCall& call, HandlerDone done);
  void stop() { gate_.close(); }

 private:
  void exec(const HandlerTarget& target, const api::core::v1::ExecAction& action, const HandlerCall& call,
            HandlerDone done);
  struct Get;
  void http_get(const HandlerTarget& target, const api::core::v1::HTTPGetAction& action,
                const HandlerCall& call, const std::string& agent, bool any_status, HandlerDone done);
  void follow(const std::shared_ptr<Get>& get);
  void tcp(const HandlerTarget& target, const api::core::v1::TCPSocketAction& action, const HandlerCall& call,
           HandlerDone done);
  void grpc(const HandlerTarget& target, const api::core::v1::GRPCAction& action, const HandlerCall& call,
            HandlerDone done);
  void pause(Duration time, const HandlerCall& call, HandlerDone done);
  void later(HandlerDone done, HandlerResult result);
  /// `done`, which no longer runs once the runner has stopped.
  HandlerDone within(HandlerDone done);

  const Deps deps_;
  Gate gate_;
};

/// The number behind a port that may be a name of one of the container's ports; 0 where there is none.
int32_t resolve_port(const codec::IntOrString& port, const Container& container);

}  // namespace mizzen::kubelet
