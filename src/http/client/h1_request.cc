#include "http/client/h1_request.h"

#include "base/strings.h"
#include "http/exchange/wire.h"

namespace mizzen::http {

std::string h1_request_head(std::string_view method, std::string_view path, std::string_view authority,
                            const Headers& headers, size_t body_bytes, H1Connection connection) {
  std::string text;
  text.reserve(512);
  text.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: ").append(authority).append("\r\n");
  for (const Header& h : headers) {
    const bool upgrade_field =
        connection == H1Connection::Upgrade && (iequals(h.name, "connection") || iequals(h.name, "upgrade"));
    if ((hop_by_hop(h.name) && !upgrade_field) || iequals(h.name, "host")) continue;
    if (!valid_header_name(h.name) || !valid_header_value(h.value)) continue;
    text.append(h.name).append(": ").append(h.value).append("\r\n");
  }
  if (body_bytes > 0 || method == "POST" || method == "PUT" || method == "PATCH")
    text += "Content-Length: " + std::to_string(body_bytes) + "\r\n";
  if (connection == H1Connection::Close) text += "Connection: close\r\n";
  return text + "\r\n";
}

H1BodyReader h1_response_body(const H1Head& head, std::string_view method) {
  if (method == "HEAD" || head.status == 204 || head.status == 304) return {H1BodyReader::Kind::None, 0};
  if (head.chunked) return {H1BodyReader::Kind::Chunked, 0};
  if (head.content_length) return {H1BodyReader::Kind::Length, *head.content_length};
  return {H1BodyReader::Kind::ToEof, 0};
}

bool repeatable_method(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

}  // namespace mizzen::http
