#include "apps/commands/commands.h"
#include "apps/host/heap_trimmer.h"
#include "apps/host/process.h"
#include "apps/host/work_runtime.h"
#include "apps/roles/controllers_role.h"
#include "apps/roles/remote_api.h"
#include "apps/roles/scheduler_role.h"
#include "apps/roles/status_server.h"
#include "apps/roles/token_signer.h"
#include "base/file.h"
#include "base/version.h"
#include "telemetry/log.h"

namespace mizzen::apps {
namespace {

/// Role: what the components that run alone have in common: a server elsewhere, health and metrics.
class Component {
 public:
  explicit Component(const char* name)
      : name_(name),
        loops_({.clock = real_clock(), .random = secure_random()}),
        work_(name),
        api_(loops_, work_.runtime()) {
    register_process_metrics(metrics_, real_clock());
  }

  Result<void> start(const ComponentOptions& options) {
    if (const std::string fault = options.election.times.fault(); !fault.empty())
      return Error(Code::Invalid, "--leader-elect-lease-duration, -renew-deadline, -retry-period: " + fault);
    if (options.secure_port != 0) MZ_TRY(serve_status(options));
    RemoteApi::Options remote;
    remote.kubeconfig = options.kubeconfig;
    remote.user_agent = std::string(name_) + "/v" + std::string(kVersion) + " mizzen";
    remote.qps = options.qps;
    remote.burst = options.burst;
    return api_.open(remote, Deadline::after(kStartTimeout, real_clock()));
  }
  void stop() {
    api_.stop();
    work_.stop();
    if (status_) status_->stop(Deadline::after(kDrainTimeout, real_clock()));
  }

  RemoteApi& api() { return api_; }
  const Runtime& runtime() const { return work_.runtime(); }
  Metrics& metrics() { return metrics_; }

 private:
  Result<void> serve_status(const ComponentOptions& options) {
    StatusServer::Options status;
    status.address = options.bind_address;
    status.port = options.secure_port;
    if (!options.client_ca_file.empty()) {
      auto pem = read_file(options.client_ca_file);
      if (!pem.ok()) return pem.error().with_context("--client-ca-file");
      status.client_ca_pem = std::move(*pem);
    }
    status_ = std::make_unique<StatusServer>(StatusServer::Deps{loops_, real_clock(), health_, metrics_},
                                             std::move(status));
    return status_->start();
  }

  const char* const name_;
  http::Loops loops_;
  Metrics metrics_;
  Health health_;
  WorkRuntime work_;
  RemoteApi api_;
  std::unique_ptr<StatusServer> status_;
};

std::optional<client::Elector::Options> election_of(const ComponentOptions& options) {
  if (!options.election.leader_elect.value_or(true)) return std::nullopt;
  client::Elector::Options out;
  out.lease = options.lease;
  out.namespace_ = options.lease_namespace;
  out.identity = election_identity();
  out.times = options.election.times;
  return out;
}

/// Runs `role` until the process is told to end.
template <typename Role>
Result<void> run_role(Process& process, Component& component, Role& role) {
  MZ_TRY(role.start(Deadline::after(kStartTimeout, real_clock())));
  log::info("component", "started", {});
  log::info("component", "stopping", {log::kv("signal", process.wait())});
  role.stop();
  component.stop();
  return {};
}

}  // namespace

Result<void> run_controller_manager(const ComponentOptions& options) {
  if (const std::string fault = controllers::controllers_fault(options.controllers.controllers);
      !fault.empty())
    return Error(Code::Invalid, "--controllers: " + fault);
  Process process;
  const HeapTrimmer trimmer;
  Component component("kube-controller-manager");
  ControllersRole::Options role;
  role.controllers = options.controllers.options();
  role.election = election_of(options);
  if (!options.root_ca_file.empty()) {
    auto pem = read_file(options.root_ca_file);
    if (!pem.ok()) return pem.error().with_context("--root-ca-file");
    role.keys.root_ca_pem = std::move(*pem);
  }
  if (!options.token_key_file.empty()) {
    auto pem = read_file(options.token_key_file);
    if (!pem.ok()) return pem.error().with_context("--service-account-private-key-file");
    auto key = pki::SigningKey::from_pem(*pem);
    if (!key.ok()) return key.error().with_context("--service-account-private-key-file");
    role.keys.sign_token = secret_token_signer(std::move(*key));
  }
  MZ_TRY(component.start(options));
  ControllersRole controllers(
      {component.api().client(), component.api().resources(), component.runtime(), component.metrics()},
      std::move(role));
  return run_role(process, component, controllers);
}

Result<void> run_scheduler(const ComponentOptions& options) {
  Process process;
  const HeapTrimmer trimmer;
  Component component("kube-scheduler");
  MZ_TRY(component.start(options));
  SchedulerRole scheduler({component.api().client(), component.runtime(), component.metrics()},
                          election_of(options));
  return run_role(process, component, scheduler);
}

}  // namespace mizzen::apps
