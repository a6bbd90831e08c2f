#pragma once
#include <string>

#include "base/result.h"
#include "http/message/url.h"
#include "kubelet/logs/log_file.h"
#include "kubelet/state/pod_facts.h"

namespace mizzen::kubelet {

/// What a caller of /containerLogs asks for.
struct LogRequest {
  LogOptions options;
  bool follow = false;
  bool previous = false;
};
/// Pure. Invalid where a parameter is malformed.
Result<LogRequest> parse_log_request(const http::Query& query, WallTime now);

/// Pure. The id of the container whose log is meant, by the pod's status; BadRequest in upstream's words
/// where there is none (yet).
Result<std::string> container_of_log(const Pod& pod, const std::string& container, bool previous);

}  // namespace mizzen::kubelet
