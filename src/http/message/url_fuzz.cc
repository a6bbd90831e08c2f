// URLs, paths and queries: what is accepted encodes and parses back to the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/message/url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mizzen::http;
  const std::string_view in(reinterpret_cast<const char*>(data), size);
  if (const auto query = Query::parse(in); query.ok()) {
    const std::string encoded = query->encode();
    const auto again = Query::parse(encoded);
    if (!again.ok() || again->encode() != encoded) std::abort();
  }
  if (const auto path = split_path(in); path.ok()) {
    std::string joined;
    for (const std::string& segment : *path) joined += "/" + percent_encode(segment);
    if (joined.empty()) joined = "/";
    const auto again = split_path(joined);
    if (!again.ok() || *again != *path) std::abort();
  }
  if (const auto url = parse_url(in); url.ok()) {
    if (url->path.empty()) std::abort();
    const auto target = parse_target(url->target.str());
    if (!target.ok() || !(*target == url->target)) std::abort();
  }
  return 0;
}
