#include "kubelet/probes/http_getter.h"

#include "http/message/url.h"

namespace mizzen::kubelet {
namespace {

/// Of an answer's body, as upstream: what comes beyond it is not read, and fails nothing.
constexpr size_t kBodyBytesMax = 10 * 1024;

/// To one container at a time: each probe and hook has at most one.
constexpr size_t kConnectionsMax = 1000;

http::Client::Options options() {
  http::Client::Options out;
  out.tls.insecure_skip_verify = true;
  out.tls.http2 = false;
  out.user_agent = "";
  out.keep_alive = false;  // what listened once may not listen any more
  out.connections_per_target_max = kConnectionsMax;
  return out;
}

/// Where there is no network: nobody answers.
class NoNetwork final : public HttpGetter {
 public:
  explicit NoNetwork(Executor& executor) : executor_(executor) {}
  void get(const std::string&, const std::vector<std::pair<std::string, std::string>>&, Deadline,
           const StopToken&, Done done) override {
    const auto tell = [done] { done(Error(Code::ServiceUnavailable, "this node has no network")); };
    if (!executor_.post(tell)) tell();
  }
  void connect(const std::string&, int, Deadline, const StopToken&,
               std::function<void(Result<void>)> done) override {
    const auto tell = [done] { done(Error(Code::ServiceUnavailable, "this node has no network")); };
    if (!executor_.post(tell)) tell();
  }

 private:
  Executor& executor_;
};

}  // namespace

std::unique_ptr<HttpGetter> make_getter(http::Loops* loops, Executor& executor) {
  if (!loops) return std::make_unique<NoNetwork>(executor);
  return std::make_unique<ClientHttpGetter>(*loops, executor);
}

ClientHttpGetter::ClientHttpGetter(http::Loops& loops, Executor& look_ups)
    : client_(loops, options()), look_ups_(look_ups) {}

void ClientHttpGetter::get(const std::string& url,
                           const std::vector<std::pair<std::string, std::string>>& headers, Deadline deadline,
                           const StopToken& stop, Done done) {
  const auto parsed = http::parse_url(url);
  if (!parsed.ok()) {
    const auto tell = [done, why = parsed.error()] { done(why); };
    if (!look_ups_.post(tell)) tell();
    return;
  }
  http::ClientRequest request;
  request.target = parsed->target;
  request.path = parsed->path_and_query();
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  client_.begin_request(
      request, kBodyBytesMax, {deadline, stop}, &look_ups_,
      [done = std::move(done)](Result<http::Response> answer) {
        if (!answer.ok()) return done(answer.error());
        done(Answer{answer->status, std::move(answer->body), std::string(answer->headers.get("Location"))});
      });
}

void ClientHttpGetter::connect(const std::string& host, int port, Deadline deadline, const StopToken& stop,
                               std::function<void(Result<void>)> done) {
  client_.begin_dial({.host = host, .port = static_cast<uint16_t>(port)}, {deadline, stop}, &look_ups_,
                     [done = std::move(done)](const Result<http::DuplexPtr>& made) {
                       done(made.ok() ? Result<void>() : Result<void>(made.error()));
                     });
}

}  // namespace mizzen::kubelet
