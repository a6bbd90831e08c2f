#pragma once
#include "kubelet/probes/handler_run.h"

namespace mizzen::kubelet {

/// Asks the service at `address` (host:port) for its health over gRPC, in clear; upstream's texts. Blocks up
/// to the timeout. Whatever is not SERVING is a failure.
HandlerResult grpc_probe(const std::string& address, const std::string& service, Duration timeout,
                         const Clock& clock);

}  // namespace mizzen::kubelet
