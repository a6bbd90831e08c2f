#include "http/client/upgrade_start.h"

#include <algorithm>
#include <utility>

namespace mizzen::http {
namespace {
constexpr size_t kRefusalBytesMax = 64 * 1024;
}

void UpgradeStart::begin(Loop& loop, Socket socket, const ClientRequest& request, const Headers& headers,
                         const CallContext& context, Done done) {
  const std::shared_ptr<UpgradeStart> self(new UpgradeStart(loop, std::move(done)));
  self->start(std::move(socket), request, headers, context);
}

void UpgradeStart::start(Socket socket, const ClientRequest& request, const Headers& headers,
                         const CallContext& context) {
  self_ = shared_from_this();
  method_ = request.method;
  if (!context.deadline.is_never()) {
    timer_ = loop_.after(std::max(context.deadline.left(), Duration::zero()), [this] {
      timer_ = 0;
      lost(Error(Code::Timeout, "i/o timeout"));
    });
  }
  on_stop_ = context.stop.on_stop([weak = weak_from_this(), &loop = loop_] {
    auto self = weak.lock();
    if (self) loop.post([self = std::move(self)] { self->end(Error(Code::Cancelled, "context canceled")); });
  });
  open(std::move(socket));
  const std::string_view host = headers.get("Host");
  out_.append(h1_request_head(request.method, request.path,
                              host.empty() ? request.target.authority() : std::string(host), headers,
                              body_size(request.body), H1Connection::Upgrade));
  for (const Slice& slice : request.body) out_.append_slice(slice);
  set_reading(true);
  flush();
}

void UpgradeStart::on_input(std::string_view bytes) {
  in_.append(bytes);
  while (!refused_) {
    H1Head head;
    const H1HeadResult result = parse_response_head(in_, {}, head);
    if (result.fault)
      return end(Error(Code::ServiceUnavailable, "malformed HTTP response: " + result.fault->why));
    if (result.consumed == 0) return;
    in_.erase(0, result.consumed);
    if (head.status < 200 && head.status != 101) continue;
    answer_.status = head.status;
    answer_.headers = std::move(head.headers);
    if (head.status == 101) {
      Socket socket = release();
      return end(Outcome{std::move(answer_), std::move(socket), std::move(in_)});
    }
    // Refused: the answer's body is read to its end or its bound, and the connection dies here.
    refused_ = true;
    body_ = h1_response_body(head, method_);
  }
  take_refusal();
}

void UpgradeStart::take_refusal() {
  while (!body_.done() && answer_.body.size() < kRefusalBytesMax) {
    const auto taken = body_.feed(in_, answer_.body, kRefusalBytesMax - answer_.body.size());
    if (!taken.ok()) break;
    in_.erase(0, *taken);
    if (*taken == 0) return;
  }
  end(Outcome{std::move(answer_), {}, {}});
}

void UpgradeStart::lost(const Error& why) {
  if (refused_) return end(Outcome{std::move(answer_), {}, {}});
  end(why);
}

void UpgradeStart::end(Result<Outcome> outcome) {
  if (!done_) return;
  const Done done = std::exchange(done_, nullptr);
  if (timer_ != 0) loop_.cancel(std::exchange(timer_, 0));
  on_stop_.reset();
  close_socket();
  loop_.post([self = std::move(self_), done, told = std::make_shared<Result<Outcome>>(std::move(outcome))] {
    done(std::move(*told));
  });
}

}  // namespace mizzen::http
