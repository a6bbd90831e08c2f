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

}  // namespace

HandlerResult grpc_probe(const std::string& address, const std::string& service, Duration timeout,
                         const Clock& clock) {
  const auto within = fmt::format("{}s", std::chrono::duration_cast<std::chrono::seconds>(timeout).count());
  auto channel = rpc::Channel::open({.target = address});
  if (!channel.ok())
    return {Outcome::Failure, fmt::format("error: failed to connect service at {}: {}", quote(address),
                                          channel.error().message())};
  health::v1::HealthCheckRequest request;
  request.service = service;
  const auto answer = rpc::call(**channel, kCheck, request, Deadline::after(timeout, clock));
  if (!answer.ok()) {
    const Error& e = answer.error();
    if (e.code() == Code::Timeout)
      return {Outcome::Failure, fmt::format("timeout: health rpc did not complete within {}", within)};
    if (rpc::status_of(e) == rpc::Status::Unimplemented)
      return {Outcome::Failure, fmt::format("error: this server does not implement the grpc health protocol "
                                            "(grpc.health.v1.Health): {}",
                                            rpc::description(e))};
    if (e.code() == Code::ServiceUnavailable)
      return {Outcome::Failure, fmt::format("timeout: failed to connect service {} within {}: {}",
                                            quote(address), within, rpc::description(e))};
    return {Outcome::Failure, fmt::format("error: health rpc probe failed: {}", e.message())};
  }
  if (answer->status != kServing)
    return {Outcome::Failure,
            fmt::format("service unhealthy (responded with {})", quote(status_name(answer->status)))};
  return {Outcome::Success, "service healthy"};
}

}  // namespace mizzen::kubelet
