// Header block and body framing: whatever comes in, no more is consumed than was given, and a parsed head is
// sane.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/h1/h1_head.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mizzen::http;
  if (size < 2) return 0;
  const bool request = (data[0] & 1) != 0;
  const size_t step = 1 + data[1] % 31;
  const std::string_view in(reinterpret_cast<const char*>(data + 2), size - 2);
  H1Head head;
  const H1HeadResult r = request ? parse_request_head(in, {.header_bytes_max = 4096}, head)
                                 : parse_response_head(in, {.header_bytes_max = 4096}, head);
  if (r.consumed > in.size()) std::abort();
  if (r.fault || r.consumed == 0) return 0;
  if (head.chunked && head.content_length) std::abort();
  for (const Header& h : head.headers)
    if (!valid_header_name(h.name) || !valid_header_value(h.value)) std::abort();
  if (request && (head.method.empty() || head.target.empty())) std::abort();
  H1BodyReader body = head.chunked          ? H1BodyReader(H1BodyReader::Kind::Chunked, 0)
                      : head.content_length ? H1BodyReader(H1BodyReader::Kind::Length, *head.content_length)
                                            : H1BodyReader(H1BodyReader::Kind::ToEof, 0);
  std::string out;
  std::string_view rest = in.substr(r.consumed);
  while (!rest.empty() && !body.done()) {
    const auto taken = body.feed(rest.substr(0, step), out, step);
    if (!taken.ok()) return 0;
    if (*taken > step || out.size() > in.size()) std::abort();
    if (*taken == 0) break;
    rest.remove_prefix(*taken);
  }
  return 0;
}
