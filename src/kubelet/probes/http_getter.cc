#include "kubelet/probes/http_getter.h"

#include "http/message/url.h"

namespace mizzen::kubelet {
namespace {

constexpr size_t kBodyBytesMax = 1u << 20;

http::Client::Options options() {
  http::Client::Options out;
  out.tls.insecure_skip_verify = true;
  out.tls.http2 = false;
  out.user_agent = "";
  out.body_bytes_max = kBodyBytesMax;
  out.idle_timeout = std::chrono::seconds(1);
  return out;
}

}  // namespace

ClientHttpGetter::ClientHttpGetter(http::Loops& loops) : client_(loops, options()) {}

Result<HttpGetter::Answer> ClientHttpGetter::get(
    const std::string& url, const std::vector<std::pair<std::string, std::string>>& headers,
    Deadline deadline) {
  MZ_ASSIGN(const auto parsed, http::parse_url(url));
  http::ClientRequest request;
  request.target = parsed.target;
  request.path = parsed.path_and_query();
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  request.headers.add("Connection", "close");
  http::CallContext context;
  context.deadline = deadline;
  MZ_ASSIGN(auto response, client_.request(request, context));
  return Answer{response.status, std::move(response.body), std::string(response.headers.get("Location"))};
}

}  // namespace mizzen::kubelet
