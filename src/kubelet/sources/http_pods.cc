#include "kubelet/sources/http_pods.h"

#include <fmt/format.h>

#include "http/message/url.h"

namespace mizzen::kubelet {
namespace {

http::Client::Options client_options() {
  http::Client::Options out;
  out.user_agent = "mizzen-kubelet";
  out.connections_per_target_max = 1;
  return out;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Where a Location leads that stands in the answer of `from`.
std::string target_of(const http::Url& from, std::string_view location) {
  if (!location.starts_with("/")) return std::string(location);
  return std::string(from.target.tls ? "https://" : "http://") + from.target.authority() +
         std::string(location);
}

}  // namespace

HttpPods::HttpPods(Deps deps, Options options)
    : DocumentPods(deps.clock, {"http", options.url, options.node_name}),
      deps_(deps),
      options_(std::move(options)),
      client_(deps.loops, client_options()) {}

void HttpPods::start(PodSink& sink) {
  DocumentPods::start(sink);
  ask_later(Duration::zero());
}

void HttpPods::stop() {
  {
    Lock lock(m_);
    stopped_ = true;
    if (alarm_ != 0) deps_.alarms.cancel(alarm_);
    alarm_ = 0;
  }
  stop_source_.stop();
  client_.stop();
  gate_.close();
  DocumentPods::stop();
}

void HttpPods::ask_later(Duration wait) {
  Lock lock(m_);
  if (stopped_) return;
  alarm_ = deps_.alarms.after(wait, [this] {
    const auto token = gate_.enter();
    if (!token) return;
    ask_later(options_.period);
    if (asking_.exchange(true)) return;
    // Held by the question and its redirects; whoever lets go of it last ends the question.
    const Gate::Token question(nullptr, [this, token](void*) { asking_ = false; });
    ask(options_.url, 0, question);
  });
}

void HttpPods::ask(const std::string& url, int redirects, const Gate::Token& token) {
  const auto parsed = http::parse_url(url);
  if (!parsed.ok()) return miss(parsed.error());
  http::ClientRequest request;
  request.target = parsed->target;
  request.path = parsed->path_and_query();
  // Elsewhere nobody asked for them, and they may hold a secret.
  const auto own = http::parse_url(options_.url);
  if (own.ok() && own->target == parsed->target)
    for (const auto& [name, value] : options_.headers) request.headers.add(name, value);
  client_.begin_request(request, kBytesMax + 1,
                        {Deadline::after(kTimeout, deps_.clock), stop_source_.token()}, &deps_.look_ups,
                        [this, url, redirects, token](Result<http::Response> answer) {
                          // No room: the next period asks again.
                          (void)deps_.disk.post([this, url, redirects, token, answer = std::move(answer)] {
                            answered(url, redirects, token, answer);
                          });
                        });
}

void HttpPods::answered(const std::string& url, int redirects, const Gate::Token& token,
                        const Result<http::Response>& answer) {
  if (stop_source_.token().stopped()) return;
  if (!answer.ok()) return miss(answer.error());
  if (is_redirect(answer->status)) {
    const auto from = http::parse_url(url);
    const std::string_view location = answer->headers.get("Location");
    if (redirects >= kRedirectsMax)
      return miss(Error(Code::ServiceUnavailable, fmt::format("stopped after {} redirects", kRedirectsMax)));
    if (!location.empty() && from.ok()) return ask(target_of(*from, location), redirects + 1, token);
  }
  if (answer->status != 200)
    return miss(Error(Code::ServiceUnavailable, fmt::format("{}: {}", options_.url, answer->status)));
  if (answer->body.empty())
    return miss(Error(Code::ServiceUnavailable, "zero-length data received from " + options_.url));
  if (answer->body.size() > kBytesMax)
    return miss(
        Error(Code::RequestEntityTooLarge, fmt::format("{}: more than {} bytes", options_.url, kBytesMax)));
  (void)hear(answer->body);
}

}  // namespace mizzen::kubelet
