#include "apiserver/proxy/forward.h"

#include <algorithm>

#include "apiserver/answers/status.h"
#include "base/strings.h"
#include "http/websocket/websocket.h"

namespace mizzen::apiserver {
namespace {

constexpr auto kDialTimeout = std::chrono::seconds(30);
constexpr const char* kBinaryMessages = "binary.k8s.io";
constexpr const char* kBase64Messages = "base64.binary.k8s.io";
constexpr uint16_t kGoodbye = 1000;
constexpr auto kFullEvery = std::chrono::milliseconds(20);

bool passes(const std::string& name) {
  static const std::vector<std::string> kDropped = {"host", "authorization", "content-length",
                                                    "transfer-encoding", "cookie"};
  return std::find(kDropped.begin(), kDropped.end(), to_lower(name)) == kDropped.end();
}

}  // namespace

void refuse(const HandlingPtr& h, const Error& error) {
  const auto status = status_of(error);
  h->exchange->respond(status.code, {{"Content-Type", "application/json"}},
                       encode_status(status, Format::Json, false));
}

Error dial_failed(const Error& error) {
  if (error.code() == Code::Cancelled) return error;
  return Error(Code::Unknown, "error dialing backend: " + error.message());
}

Error from_backend(int status, std::string_view text) {
  const Code code = code_from("", status);
  return Error(code == Code::Unknown ? Code::InternalError : code, std::string(trim(text)));
}

void forward_upgrade(const HandlingPtr& h, http::Client& client, http::ClientRequest request) {
  if (!h->exchange->wants_upgrade()) return refuse(h, Error(Code::BadRequest, "Upgrade request required"));
  for (const auto& header : h->exchange->request().headers) {
    if (passes(header.name)) request.headers.add(header.name, header.value);
  }
  auto upgraded = client.dial_upgrade(
      request, {Deadline::after(kDialTimeout, h->exchange->loop().clock()), h->exchange->gone()});
  if (!upgraded.ok()) return refuse(h, dial_failed(upgraded.error()));
  if (!upgraded->duplex) return refuse(h, from_backend(upgraded->status, upgraded->body));
  auto ours = h->exchange->upgrade(upgraded->headers);
  if (!ours.ok()) {
    upgraded->duplex->cut();
    return refuse(h, ours.error());
  }
  http::splice(std::move(*ours), std::move(upgraded->duplex));
}

void forward_body(const HandlingPtr& h, http::ResponseReader& reader, int status, http::Headers headers,
                  const StopToken& stop) {
  auto stream = h->exchange->start_stream(status, std::move(headers));
  if (!stream) return;
  const auto gone = h->exchange->gone();
  const http::CallContext context{Deadline::never(), gone};
  for (;;) {
    auto piece = reader.read(context);
    if (!piece.ok()) return stream->cut();
    if (piece->empty()) return stream->finish();
    const http::Slice slice(std::move(*piece));
    for (;;) {
      const auto written = stream->write(slice);
      if (written == http::Stream::Write::Ok) break;
      if (written == http::Stream::Write::Closed || stop.stopped()) return;
      if (gone.wait_until(Deadline::after(kFullEvery, h->exchange->loop().clock()))) return;
    }
  }
}

void forward_messages(const HandlingPtr& h, http::ResponseReader& reader, const StopToken& stop) {
  const auto& asked = h->exchange->request();
  const auto offered = http::WebSocket::offered(asked);
  const auto chosen = std::find_if(offered.begin(), offered.end(), [](const auto& p) {
    return p == kBinaryMessages || p == kBase64Messages;
  });
  const std::string protocol = chosen == offered.end() ? "" : *chosen;
  if (protocol.empty() && !offered.empty())
    return refuse(h, Error(Code::BadRequest, "none of the WebSocket protocols that were offered is known"));
  const auto accepted = http::WebSocket::accept(*h->exchange, protocol, {});
  if (!accepted.ok()) return refuse(h, accepted.error());
  h->answered(101, 0, h->exchange->loop().clock().monotonic());
  const auto& socket = *accepted;
  const bool binary = protocol != kBase64Messages;
  const auto gone = std::make_shared<StopSource>();
  socket->start({.on_message = {}, .on_drained = {}, .on_closed = [gone](uint16_t, std::string_view) {
                   gone->stop();
                 }});
  const auto on_stop = stop.on_stop([gone] { gone->stop(); });
  const auto send = [&](std::string_view piece) {
    const std::string message = binary ? std::string(piece) : base64_encode(piece);
    for (;;) {
      const auto written = socket->send(message, binary);
      if (written != http::Duplex::Write::Full) return written == http::Duplex::Write::Ok;
      if (gone->token().wait_until(Deadline::after(kFullEvery, h->exchange->loop().clock()))) return false;
    }
  };
  if (!send("")) return;
  const http::CallContext context{Deadline::never(), gone->token()};
  for (;;) {
    const auto piece = reader.read(context);
    if (!piece.ok()) return socket->cut();
    if (piece->empty()) return socket->close(kGoodbye, "");
    if (!send(*piece)) return;
  }
}

}  // namespace mizzen::apiserver
