#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "http/h1/h1_head.h"
#include "http/message/url.h"
#include "http/server/server_conn.h"

namespace mizzen::http {
namespace {

constexpr size_t kBodyBufferBytes = 64 * 1024;     // read ahead of a handler that has not asked yet
constexpr size_t kPipelineBytes = 16 * 1024;       // kept of what comes behind the current request
constexpr uint64_t kDiscardBytesMax = 256 * 1024;  // of a body nobody wanted, to keep the connection

/// Role: HTTP/1.1 on one connection: one exchange at a time, pipelined requests wait.
class H1Server final : public ServerProtocol, public Wire {
 public:
  explicit H1Server(ServerConn& connection) : Wire(connection.loop()), conn_(connection) {
    conn_.set_timer(conn_.options().header_timeout);
  }

  void on_input(std::string_view bytes) override {
    in_.append(bytes);
    process();
  }
  void on_input_end() override {
    // A client may end its half after a whole request and still read the answer; a stream to it is over.
    if (state_ == State::Idle || core_ || !body_reader_.done()) return conn_.close();
    keep_alive_ = false;
  }
  void on_drained() override {
    if (core_) stream_ready();
    if (!conn_.closed()) process();
  }
  void drain() override {
    if (state_ == State::Idle) return conn_.close_gently();
    keep_alive_ = false;
  }
  void on_closed() override { close_link(); }

  void respond(int status, Headers headers, Body body) override;
  void start_stream(int status, Headers headers, std::shared_ptr<StreamCore> core) override;
  void stream_ready() override;
  void cut() override { conn_.close(); }
  void upgrade(Headers headers, std::shared_ptr<DuplexImpl> duplex) override;

 private:
  enum class State { Idle, Busy };

  void process();
  bool next_request();
  bool known_upgrade(const H1Head& head) const;
  void begin_body(const H1Head& head);
  void feed_body();
  void body_taken(size_t n) override;
  void write_head(int status, const Headers& headers, std::string_view framing);
  void response_done();
  void maybe_finish();
  void refuse(const H1Fault& fault);
  void update_reading();

  ServerConn& conn_;
  State state_ = State::Idle;
  std::string in_;
  H1BodyReader body_reader_;
  uint64_t discarded_ = 0;
  bool discard_ = false;
  bool head_request_ = false;
  bool http10_ = false;
  bool keep_alive_ = true;
  bool wants_continue_ = false;
  bool response_started_ = false;
  bool response_done_ = false;
  bool chunked_ = false;
  bool processing_ = false;
  bool header_clock_ = false;
};

void H1Server::process() {
  if (processing_) return;
  processing_ = true;
  while (!conn_.closed()) {
    if (state_ == State::Idle) {
      if (in_.empty() || conn_.out().size() > kOutHighWater || !next_request()) break;
    } else {
      feed_body();
      if (conn_.closed()) break;
      maybe_finish();
      if (state_ == State::Busy) break;
    }
  }
  processing_ = false;
  if (conn_.closed()) return;
  if (in_.empty() && in_.capacity() > 256) in_ = std::string();
  update_reading();
}

bool H1Server::next_request() {
  H1Head head;
  const H1Limits limits{conn_.options().header_bytes_max, conn_.options().headers_max};
  const H1HeadResult result = parse_request_head(in_, limits, head);
  if (result.fault) {
    refuse(*result.fault);
    return false;
  }
  if (result.consumed == 0) {
    // The clock of a slow header starts with its first byte and does not start anew with each.
    if (!header_clock_) {
      header_clock_ = true;
      conn_.set_timer(conn_.options().header_timeout);
    }
    return false;
  }
  header_clock_ = false;
  in_.erase(0, result.consumed);
  conn_.clear_timer();

  Request request;
  request.method = std::move(head.method);
  request.protocol = head.version >= 11 ? "HTTP/1.1" : "HTTP/1.0";
  request.authority = std::string(head.headers.get("Host"));
  std::string_view target = head.target;
  if (target.starts_with("http://") || target.starts_with("https://")) {
    auto url = parse_url(target);
    if (!url.ok()) return refuse({400, "malformed request target"}), false;
    request.authority = url->target.authority();
    request.path = url->path;
    request.query = url->query;
  } else if (!target.empty() && target.front() == '/') {
    const size_t mark = target.find('?');
    request.path = std::string(target.substr(0, mark));
    if (mark != std::string_view::npos) request.query = std::string(target.substr(mark + 1));
  } else if (target == "*" && request.method == "OPTIONS") {
    request.path = "*";
  } else {
    return refuse({400, "malformed request target"}), false;
  }
  for (const char c : request.authority)
    if (static_cast<unsigned char>(c) <= 0x20 || c == '/' || c == '@' || c == '?' || c == '#')
      return refuse({400, "malformed Host header"}), false;
  if (!known_upgrade(head)) return refuse({400, "unknown upgrade"}), false;
  state_ = State::Busy;
  http10_ = head.version < 11;
  head_request_ = request.method == "HEAD";
  keep_alive_ = head.keep_alive && !conn_.draining();
  wants_continue_ = !http10_ && iequals(head.headers.get("Expect"), "100-continue");
  response_started_ = response_done_ = discard_ = false;
  discarded_ = 0;
  std::shared_ptr<WireLink> link = open_link();
  begin_body(head);
  request.headers = std::move(head.headers);
  conn_.dispatch(std::move(request), std::move(link));
  return true;
}

bool H1Server::known_upgrade(const H1Head& head) const {
  if (head.version < 11 || !head.headers.has_token("Connection", "upgrade")) return true;  // no upgrade then
  for (std::string_view wanted : head.headers.tokens("Upgrade")) {
    const auto& known = conn_.options().upgrades;
    if (std::none_of(known.begin(), known.end(), [&](const std::string& k) { return iequals(k, wanted); }))
      return false;
  }
  return true;
}

void H1Server::begin_body(const H1Head& head) {
  if (head.chunked) {
    body_reader_ = H1BodyReader(H1BodyReader::Kind::Chunked, 0);
  } else {
    body_reader_ = H1BodyReader(H1BodyReader::Kind::Length, head.content_length.value_or(0));
  }
  if (body_reader_.done()) body_ended();
}

void H1Server::feed_body() {
  while (!body_reader_.done() && !in_.empty()) {
    const size_t room =
        discard_ ? kBodyBufferBytes : kBodyBufferBytes - std::min(kBodyBufferBytes, body_buffered());
    std::string chunk;
    auto taken = body_reader_.feed(in_, chunk, room);
    if (!taken.ok()) {
      conn_.shared().bad_requests.fetch_add(1);
      if (response_started_) return conn_.close();
      body_failed(taken.error());
      keep_alive_ = false;
      in_.clear();
      body_reader_ = H1BodyReader();
      deliver_body();
      return;
    }
    in_.erase(0, *taken);
    if (discard_) {
      discarded_ += chunk.size();
      if (discarded_ > kDiscardBytesMax) keep_alive_ = false;
      if (!keep_alive_) return;
    } else if (!chunk.empty()) {
      body_arrived(chunk);
    }
    if (body_reader_.done() && !discard_) body_ended();
    if (!discard_) deliver_body();
    if (conn_.closed() || (*taken == 0)) return;
  }
}

void H1Server::body_taken(size_t n) {
  if (n == 0 && wants_continue_ && !response_started_) {
    wants_continue_ = false;
    conn_.out().append("HTTP/1.1 100 Continue\r\n\r\n");
    conn_.flush_out();
    if (conn_.closed()) return;
  }
  if (!processing_) {
    process();
  }
}

void H1Server::update_reading() {
  bool on = true;
  if (state_ == State::Busy) {
    on = body_reader_.done() ? in_.size() < kPipelineBytes : (body_buffered() < kBodyBufferBytes || discard_);
  } else {
    on = conn_.out().size() <= kOutHighWater || in_.size() < kPipelineBytes;
  }
  conn_.read_more(on);
}

void H1Server::write_head(int status, const Headers& headers, std::string_view framing) {
  std::string text = http10_ ? "HTTP/1.0 " : "HTTP/1.1 ";
  text.reserve(256);
  text += std::to_string(status);
  text += ' ';
  text += reason_phrase(status);
  text += "\r\n";
  for (const Header& h : headers) {
    if (status != 101 && hop_by_hop(h.name)) continue;
    if (!valid_header_name(h.name) || !valid_header_value(h.value)) continue;
    text += h.name;
    text += ": ";
    text += h.value;
    text += "\r\n";
  }
  if (!headers.has("Date")) {
    text += "Date: ";
    text += date_header(conn_.loop().clock());
    text += "\r\n";
  }
  if (status != 101) {
    if (!keep_alive_) {
      text += "Connection: close\r\n";
    } else if (http10_) {
      text += "Connection: keep-alive\r\n";
    }
  }
  text += framing;
  text += "\r\n";
  conn_.out().append(text);
}

void H1Server::respond(int status, Headers headers, Body body) {
  if (status < 200 || status > 999) {
    status = 500;
    body.clear();
  }
  const bool no_body = status == 204 || status == 304;
  response_started_ = true;
  // A client that has not sent its body yet (Expect) or has a lot of it left is not waited for.
  if (!body_reader_.done() && (wants_continue_ || body_reader_.left() > kDiscardBytesMax))
    keep_alive_ = false;
  std::string framing;
  if (!no_body) framing = "Content-Length: " + std::to_string(body_size(body)) + "\r\n";
  write_head(status, headers, framing);
  if (!head_request_ && !no_body)
    for (const Slice& slice : body) conn_.out().append_slice(slice);
  response_done();
}

void H1Server::start_stream(int status, Headers headers, std::shared_ptr<StreamCore> core) {
  response_started_ = true;
  const bool no_body = head_request_ || status == 204 || status == 304;
  chunked_ = !http10_;
  if (http10_) keep_alive_ = false;
  if (!body_reader_.done() && wants_continue_) keep_alive_ = false;
  write_head(status, headers,
             chunked_ && status != 204 && status != 304 ? "Transfer-Encoding: chunked\r\n" : "");
  if (no_body) {
    core->close();
    return response_done();
  }
  core_ = std::move(core);
  stream_ready();
}

void H1Server::stream_ready() {
  if (!core_) return;
  if (core_->was_cut()) return conn_.close();
  const std::shared_ptr<StreamCore> core = core_;
  while (core_ == core) {
    Slice slice;
    while (conn_.out().size() < kOutHighWater && core->take(slice)) {
      if (chunked_) {
        char line[24];
        const int n = std::snprintf(line, sizeof line, "%zx\r\n", slice.size());
        conn_.out().append(std::string_view(line, static_cast<size_t>(n)));
      }
      conn_.out().append_slice(slice);
      if (chunked_) conn_.out().append("\r\n");
    }
    if (core->at_end()) {
      if (chunked_) conn_.out().append("0\r\n\r\n");
      core_ = nullptr;
      core->close();
      return response_done();
    }
    if (conn_.out().empty()) return;
    conn_.flush_out();
    if (conn_.closed() || !conn_.out().empty()) return;  // on_drained() comes back
  }
}

void H1Server::response_done() {
  response_done_ = true;
  discard_ = true;
  conn_.flush_out();
  if (conn_.closed()) return;
  if (!processing_) process();
}

void H1Server::maybe_finish() {
  if (!response_done_) return;
  if (!keep_alive_) {
    close_link();
    state_ = State::Idle;
    in_.clear();
    return conn_.close_gently();
  }
  if (!body_reader_.done()) {
    conn_.set_timer(conn_.options().header_timeout);
    return;
  }
  close_link();
  state_ = State::Idle;
  conn_.set_timer(conn_.options().idle_timeout);
}

void H1Server::refuse(const H1Fault& fault) {
  conn_.shared().bad_requests.fetch_add(1);
  http10_ = false;
  keep_alive_ = false;
  in_.clear();
  const std::string text =
      std::to_string(fault.status) + " " + std::string(reason_phrase(fault.status)) + ": " + fault.why;
  write_head(fault.status, {{"Content-Type", "text/plain; charset=utf-8"}},
             "Content-Length: " + std::to_string(text.size()) + "\r\n");
  conn_.out().append(text);
  conn_.close_gently();
}

void H1Server::upgrade(Headers headers, std::shared_ptr<DuplexImpl> duplex) {
  write_head(101, headers, "");
  std::string early = std::move(in_);
  in_ = std::string();
  conn_.upgrade(std::move(duplex), std::move(early));
}

}  // namespace

std::unique_ptr<ServerProtocol> make_h1_server(ServerConn& connection) {
  return std::make_unique<H1Server>(connection);
}

}  // namespace mizzen::http
