#include "rest/send/sender.h"

#include "base/file.h"
#include "base/strings.h"
#include "rest/send/retry.h"
#include "telemetry/log.h"

namespace mizzen::rest {
namespace {

constexpr Duration kTokenReadEvery = std::chrono::minutes(1);

http::Client::Options client_options(const RestConfig& config) {
  http::Client::Options out;
  out.tls = config.tls;
  out.user_agent = config.user_agent;
  out.body_bytes_max = Sender::kAnswerBytesMax;
  return out;
}

}  // namespace

Sender::Sender(http::Loops& loops, Runtime runtime, RestConfig config)
    : runtime_(runtime),
      config_(std::move(config)),
      bucket_(runtime.clock, config_.qps, config_.burst),
      client_(loops, client_options(config_)) {}

std::string Sender::credentials() {
  if (!config_.user.empty()) return "Basic " + base64_encode(config_.user + ":" + config_.password);
  if (config_.token_file.empty()) return config_.token.empty() ? "" : "Bearer " + config_.token;
  Lock lock(m_);
  const Monotonic now = runtime_.clock.monotonic();
  if (!token_read_ || now - *token_read_ >= kTokenReadEvery) {
    token_read_ = now;
    if (auto text = read_file(config_.token_file); text.ok()) {
      token_ = trim(*text);
    } else {
      log::warn("rest", "the token cannot be read; the one before is used",
                {log::kv("err", text.error().message())});
    }
  }
  return token_.empty() ? "" : "Bearer " + token_;
}

http::ClientRequest Sender::request_of(const Ask& ask) {
  http::ClientRequest out;
  out.method = ask.method;
  out.target = config_.server;
  out.path = config_.base_path + ask.path;
  if (!ask.accept.empty()) out.headers.add("Accept", ask.accept);
  if (const std::string header = credentials(); !header.empty()) out.headers.add("Authorization", header);
  for (const auto& [name, value] : config_.impersonation) out.headers.add(name, value);
  if (!ask.content_type.empty()) {
    out.headers.add("Content-Type", ask.content_type);
    out.body.emplace_back(ask.body);
  }
  return out;
}

Result<http::Response> Sender::send(const Ask& ask, const client::Call& call) {
  const http::CallContext context{call.until(runtime_.clock), call.stop};
  for (int tries = 1;; ++tries) {
    if (!call.urgent) MZ_TRY(bucket_.take(context.deadline, context.stop));
    auto answer = client_.request(request_of(ask), context);
    const auto wait = answer.ok() ? again_after(*answer) : again_after(answer.error(), ask.method);
    if (!wait || tries == kTriesMax) return answer;
    const Deadline then = Deadline::after(*wait, runtime_.clock);
    if (then.when() >= context.deadline.when()) return answer;
    if (call.stop.wait_until(then)) return Error(Code::Cancelled, "context canceled");
  }
}

Result<std::unique_ptr<http::ResponseReader>> Sender::open(const Ask& ask, const http::CallContext& until) {
  MZ_TRY(bucket_.take(until.deadline, until.stop));
  return client_.open(request_of(ask), until);
}

}  // namespace mizzen::rest
