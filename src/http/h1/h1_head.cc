// The other source that includes Boost: Beast's header parser, fed with a block that was checked first.
#include "http/h1/h1_head.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>

#include "base/strings.h"

namespace mizzen::http {
namespace {

namespace beast = boost::beast::http;
using boost::beast::error_code;
using View = boost::beast::string_view;

template <bool IsRequest>
class Parser final : public beast::basic_parser<IsRequest> {
 public:
  explicit Parser(H1Head& out) : out_(out) {
    this->eager(false);
    this->skip(true);  // bodies are H1BodyReader's business
    this->body_limit(boost::none);
  }

 private:
  static std::string str(View v) { return std::string(v.data(), v.size()); }
  void on_request_impl(beast::verb, View method, View target, int version, error_code&) override {
    out_.method = str(method);
    out_.target = str(target);
    out_.version = version;
  }
  void on_response_impl(int status, View, int version, error_code&) override {
    out_.status = status;
    out_.version = version;
  }
  void on_field_impl(beast::field, View name, View value, error_code&) override {
    out_.headers.add(str(name), str(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(View body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View body, error_code&) override { return body.size(); }
  void on_finish_impl(error_code&) override {}

  H1Head& out_;
};

H1Fault bad(std::string why) { return {400, std::move(why)}; }

/// Checks every byte of the block before a more lenient parser sees it.
std::optional<H1Fault> check_block(std::string_view block, const H1Limits& limits) {
  size_t lines = 0;
  bool line_start = false;  // the start line may not begin with a blank either, but the parser tells that
  for (size_t i = 0; i < block.size(); ++i) {
    const auto c = static_cast<unsigned char>(block[i]);
    if (c == '\r') {
      if (i + 1 >= block.size() || block[i + 1] != '\n') return bad("bare CR in header");
      ++i;
      ++lines;
      line_start = true;
      continue;
    }
    if (c == '\n') return bad("bare LF in header");
    if ((c < 0x20 && c != '\t') || c == 0x7f) return bad("control character in header");
    if (line_start && (c == ' ' || c == '\t')) return bad("folded header line");
    line_start = false;
  }
  if (lines > limits.headers_max + 2) return H1Fault{431, "too many header fields"};
  return std::nullopt;
}

std::optional<H1Fault> check_framing(H1Head& head) {
  const std::vector<std::string_view> lengths = head.headers.all("Content-Length");
  const std::vector<std::string_view> codings = head.headers.all("Transfer-Encoding");
  if (!codings.empty() && !lengths.empty()) return bad("both Content-Length and Transfer-Encoding");
  if (lengths.size() > 1) return bad("repeated Content-Length");
  if (codings.size() > 1) return bad("repeated Transfer-Encoding");
  if (!lengths.empty()) {
    const std::string_view text = lengths[0];
    if (text.empty() || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
      return bad("malformed Content-Length");
    const auto n = parse_int<int64_t>(text);
    if (!n) return bad("malformed Content-Length");
    head.content_length = static_cast<uint64_t>(*n);
  }
  if (!codings.empty()) {
    if (head.version < 11) return bad("Transfer-Encoding in HTTP/1.0");
    if (!iequals(codings[0], "chunked")) return H1Fault{501, "unsupported transfer encoding"};
    head.chunked = true;
  }
  head.keep_alive = head.version >= 11 ? !head.headers.has_token("Connection", "close")
                                       : head.headers.has_token("Connection", "keep-alive");
  return std::nullopt;
}

template <bool IsRequest>
H1HeadResult parse_head(std::string_view in, const H1Limits& limits, H1Head& out) {
  H1HeadResult result;
  const size_t end = in.substr(0, limits.header_bytes_max).find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (in.size() >= limits.header_bytes_max) result.fault = H1Fault{431, "header too large"};
    // Refuse early what can never become a header: a lone LF ends the line for others.
    const size_t lf = in.substr(0, limits.header_bytes_max).find('\n');
    if (lf != std::string_view::npos && (lf == 0 || in[lf - 1] != '\r'))
      result.fault = bad("bare LF in header");
    return result;
  }
  const std::string_view block = in.substr(0, end + 4);
  if (auto fault = check_block(block, limits)) {
    result.fault = std::move(fault);
    return result;
  }
  out = H1Head();
  Parser<IsRequest> parser(out);
  parser.header_limit(static_cast<uint32_t>(limits.header_bytes_max + 1));
  error_code ec;
  parser.put(boost::asio::const_buffer(block.data(), block.size()), ec);
  if (ec && ec != beast::error::need_more) {
    const bool version = ec == beast::error::bad_version;
    result.fault = H1Fault{version ? 505 : 400, ec.message()};
    return result;
  }
  if (!parser.is_header_done()) {
    result.fault = bad("malformed header");
    return result;
  }
  result.fault = check_framing(out);
  result.consumed = block.size();
  return result;
}

}  // namespace

H1HeadResult parse_request_head(std::string_view in, const H1Limits& limits, H1Head& out) {
  H1HeadResult result = parse_head<true>(in, limits, out);
  if (result.fault || result.consumed == 0) return result;
  const size_t hosts = out.headers.count("Host");
  if (hosts > 1) result.fault = bad("too many Host headers");
  if (hosts == 0 && out.version >= 11) result.fault = bad("missing required Host header");
  if (!valid_header_name(out.method)) result.fault = bad("malformed method");
  return result;
}

H1HeadResult parse_response_head(std::string_view in, const H1Limits& limits, H1Head& out) {
  return parse_head<false>(in, limits, out);
}

}  // namespace mizzen::http
