#include "kubelet/logs/log_request.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace mizzen::kubelet {
namespace {

namespace v1 = api::core::v1;

const v1::ContainerStatus* find_status(const Pod& pod, const std::string& name) {
  for (const auto* list : {&pod.status.containerStatuses, &pod.status.initContainerStatuses,
                           &pod.status.ephemeralContainerStatuses}) {
    for (const auto& s : *list) {
      if (s.name == name) return &s;
    }
  }
  return nullptr;
}

std::string bare_id(const std::string& id) {
  const auto at = id.find("://");
  return at == std::string::npos ? id : id.substr(at + 3);
}

Result<std::optional<int64_t>> number(const http::Query& query, std::string_view name, int64_t least) {
  if (!query.has(name) || query.get(name).empty()) return std::optional<int64_t>();
  const auto value = parse_int<int64_t>(query.get(name));
  if (!value || *value < least)
    return Error(Code::Invalid, fmt::format("{}: must be greater than or equal to {}", name, least));
  return std::optional<int64_t>(*value);
}

}  // namespace

Result<LogRequest> parse_log_request(const http::Query& query, WallTime now) {
  LogRequest out;
  out.follow = query.flag("follow");
  out.previous = query.flag("previous");
  out.options.timestamps = query.flag("timestamps");
  MZ_ASSIGN(out.options.tail_lines, number(query, "tailLines", 0));
  MZ_ASSIGN(out.options.limit_bytes, number(query, "limitBytes", 1));
  MZ_ASSIGN(const auto seconds, number(query, "sinceSeconds", 1));
  if (seconds) out.options.since = codec::Time::from(now - std::chrono::seconds(*seconds));
  if (!query.get("sinceTime").empty()) {
    if (seconds) return Error(Code::Invalid, "at most one of `sinceTime` or `sinceSeconds` may be specified");
    MZ_ASSIGN(out.options.since, codec::parse_time(query.get("sinceTime")));
  }
  return out;
}

Result<std::string> container_of_log(const Pod& pod, const std::string& container, bool previous) {
  const auto text = [&](std::string_view rest) {
    return Error(Code::BadRequest,
                 fmt::format("container {} in pod {} {}", quote(container), quote(pod.metadata.name), rest));
  };
  const auto* s = find_status(pod, container);
  if (!s) return text("is not available");
  const auto* last = s->lastState.terminated.get();
  if (previous) {
    if (last && !last->containerID.empty()) return bare_id(last->containerID);
    return Error(Code::BadRequest, fmt::format("previous terminated container {} in pod {} not found",
                                               quote(container), quote(pod.metadata.name)));
  }
  if (s->state.running) return bare_id(s->containerID);
  if (s->state.terminated) {
    if (!s->state.terminated->containerID.empty()) return bare_id(s->state.terminated->containerID);
    if (last && !last->containerID.empty()) return bare_id(last->containerID);
    return text("is terminated");
  }
  if (last)
    return last->containerID.empty() ? Result<std::string>(text("is terminated"))
                                     : bare_id(last->containerID);
  if (!s->state.waiting) return text("is waiting to start - no logs yet");
  const auto& reason = s->state.waiting->reason;
  if (reason == "ErrImagePull") return text("is waiting to start: image can't be pulled");
  if (reason == "ImagePullBackOff") return text("is waiting to start: trying and failing to pull image");
  return text("is waiting to start: " + reason);
}

}  // namespace mizzen::kubelet
