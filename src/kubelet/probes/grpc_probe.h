#pragma once
#include "kubelet/probes/handler_run.h"

namespace mizzen::kubelet {

/// Who is asked, and how long.
struct GrpcProbe {
  std::string address;  ///< host:port
  std::string service;
  Duration timeout;
  StopToken stop = {};
};

/// Asks a service for its health over gRPC, in clear; upstream's texts. Whatever is not SERVING is a failure.
/// `done` is told later, once; the connection is closed on `executor`.
void grpc_probe(GrpcProbe probe, const Clock& clock, Executor& executor, HandlerDone done);

}  // namespace mizzen::kubelet
