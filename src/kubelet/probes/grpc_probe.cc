#include "kubelet/probes/grpc_probe.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "kubelet/schema/health/v1/health.h"
#include "rpc/typed.h"

namespace mizzen::kubelet {
namespace {

using Outcome = HandlerResult::Outcome;

constexpr rpc::Method<health::v1::HealthCheckRequest, health::v1::HealthCheckResponse> kCheck{
    "/grpc.health.v1.Health/Check"};
constexpr int32_t kServing = 1;

std::string status_name(int32_t status) {
  static constexpr const char* kNames[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
  return status >= 0 && status < 4 ? kNames[status] : std::to_string(status);
}

HandlerResult result_of(const GrpcProbe& probe, const Result<health::v1::HealthCheckResponse>& answer) {
  if (answer.ok()) {
    if (answer->status == kServing) return {Outcome::Success, "service healthy"};
    return {Outcome::Failure,
            fmt::format("service unhealthy (responded with {})", quote(status_name(answer->status)))};
  }
  const Error& e = answer.error();
  const auto within =
      fmt::format("{}s", std::chrono::duration_cast<std::chrono::seconds>(probe.timeout).count());
  if (e.code() == Code::Cancelled) return {Outcome::Unknown, e.message()};
  if (e.code() == Code::Timeout)
    return {Outcome::Failure, fmt::format("timeout: health rpc did not complete within {}", within)};
  if (rpc::status_of(e) == rpc::Status::Unimplemented)
    return {Outcome::Failure, fmt::format("error: this server does not implement the grpc health protocol "
                                          "(grpc.health.v1.Health): {}",
                                          rpc::description(e))};
  if (e.code() == Code::ServiceUnavailable)
    return {Outcome::Failure, fmt::format("timeout: failed to connect service {} within {}: {}",
                                          quote(probe.address), within, rpc::description(e))};
  return {Outcome::Failure, fmt::format("error: health rpc probe failed: {}", e.message())};
}

}  // namespace

void grpc_probe(GrpcProbe probe, const Clock& clock, Executor& executor, HandlerDone done) {
  auto opened = rpc::Channel::open({.target = probe.address});
  if (!opened.ok()) {
    const HandlerResult failure{
        Outcome::Failure, fmt::format("error: failed to connect service at {}: {}", quote(probe.address),
                                      opened.error().message())};
    if (!executor.post([done, failure] { done(failure); })) done(failure);
    return;
  }
  const std::shared_ptr<rpc::Channel> channel = std::move(*opened);
  health::v1::HealthCheckRequest request;
  request.service = probe.service;
  const auto deadline = Deadline::after(probe.timeout, clock);
  const auto told = std::make_shared<HandlerDone>(std::move(done));
  rpc::call<health::v1::HealthCheckRequest, health::v1::HealthCheckResponse>(
      *channel, kCheck, request, deadline, {.stop = probe.stop},
      [channel, probe, told, &executor](auto answer) {
        // Elsewhere, for a channel's end waits for its calls, and this is one.
        const HandlerResult result = result_of(probe, answer);
        if (!executor.post([channel, told, result] { (*told)(result); })) (*told)(result);
      });
}

}  // namespace mizzen::kubelet
