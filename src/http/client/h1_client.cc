#include <utility>

#include "base/strings.h"
#include "http/client/client_conn.h"
#include "http/client/h1_request.h"

namespace mizzen::http {
namespace {

/// Role: HTTP/1.1 client connection, one call at a time.
class H1Client final : public ClientConn {
 public:
  using ClientConn::ClientConn;

 private:
  void begun() override {}
  void submit(const std::shared_ptr<ClientCall>& call) override;
  void cancel(ClientCall& call) override {
    if (call_.get() == &call) close(Error(Code::Cancelled, "context canceled"));
  }
  void consumed(ClientCall& call, size_t) override;
  std::vector<std::shared_ptr<ClientCall>> take_calls() override {
    std::vector<std::shared_ptr<ClientCall>> out;
    if (call_) out.push_back(std::exchange(call_, nullptr));
    return out;
  }
  bool may_repeat(const ClientCall& call) const override {
    // A kept connection may have been closed by the server while the request was on its way.
    return used_ && !answer_begun_ && repeatable_method(call.method);
  }
  void on_input(std::string_view bytes) override;
  void on_input_end() override;
  void on_drained() override {}
  bool take_head();
  void take_body();
  void finish();

  std::shared_ptr<ClientCall> call_;
  std::string in_;
  bool head_done_ = false;
  bool answer_begun_ = false;
  bool keep_alive_ = false;
  H1BodyReader body_;
};

void H1Client::submit(const std::shared_ptr<ClientCall>& call) {
  call_ = call;
  head_done_ = false;
  answer_begun_ = false;
  in_.clear();
  out_.append(h1_request_head(call->method, call->path, call->authority, call->headers, body_size(call->body),
                              pool_->options.keep_alive ? H1Connection::Keep : H1Connection::Close));
  for (const Slice& slice : call->body) out_.append_slice(slice);
  flush();
}

void H1Client::on_input(std::string_view bytes) {
  if (!call_) return close(Error(Code::ServiceUnavailable, "the server sent what nobody asked for"));
  answer_begun_ = true;
  in_.append(bytes);
  while (call_ && !head_done_)
    if (!take_head()) return;
  if (call_) take_body();
}

bool H1Client::take_head() {
  H1Head head;
  const H1HeadResult result = parse_response_head(in_, {.header_bytes_max = 256 * 1024}, head);
  if (result.fault) {
    close(Error(Code::ServiceUnavailable, "malformed HTTP response: " + result.fault->why));
    return false;
  }
  if (result.consumed == 0) return false;
  in_.erase(0, result.consumed);
  if (head.status == 101 || head.status < 100) {
    close(Error(Code::ServiceUnavailable,
                "malformed HTTP response: unexpected status " + std::to_string(head.status)));
    return false;
  }
  if (head.status < 200) return true;  // 100, 103: go on to the real one
  head_done_ = true;
  body_ = h1_response_body(head, call_->method);
  keep_alive_ = pool_->options.keep_alive && head.keep_alive && body_.kind() != H1BodyReader::Kind::ToEof;
  call_->head_in(head.status, std::move(head.headers));
  return true;
}

void H1Client::take_body() {
  while (!body_.done() && !in_.empty()) {
    std::string chunk;
    auto taken = body_.feed(in_, chunk, kReaderBufferBytes);
    if (!taken.ok()) return close(Error(Code::ServiceUnavailable, taken.error().message()));
    in_.erase(0, *taken);
    if (!chunk.empty() && call_->bytes_in(chunk) && !body_.done()) {
      set_reading(false);  // consumed() goes on
      return;
    }
    if (*taken == 0) return;
  }
  if (body_.done()) finish();
}

void H1Client::consumed(ClientCall& call, size_t) {
  if (call_.get() != &call || reading() || call.full()) return;
  set_reading(true);
  take_body();
}

void H1Client::finish() {
  std::shared_ptr<ClientCall> call = std::exchange(call_, nullptr);
  call->connection = nullptr;
  used_ = true;
  // An early answer with half of the request unsent, or bytes behind the answer: the framing is lost.
  if (!keep_alive_ || !out_.empty() || !in_.empty()) {
    close(Error(Code::ServiceUnavailable, "closed by the server"));
  } else {
    set_reading(true);
    idle_begins();
    release_slot(*call);
  }
  call->ended();  // last: the caller's next request finds the slot free
}

void H1Client::on_input_end() {
  if (call_ && head_done_ && body_.on_eof()) return finish();
  close(Error(Code::ServiceUnavailable, call_ && answer_begun_ ? "unexpected EOF" : "EOF"));
}

}  // namespace

std::shared_ptr<ClientConn> make_h1_client(Loop& loop, std::shared_ptr<ClientPool> pool, std::string key) {
  return std::make_shared<H1Client>(loop, std::move(pool), std::move(key));
}

}  // namespace mizzen::http
