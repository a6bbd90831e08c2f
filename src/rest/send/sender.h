#pragma once
#include <memory>
#include <string>

#include "async/runtime.h"
#include "client/api/api_client.h"
#include "http/client/client.h"
#include "rest/config/rest_config.h"
#include "rest/send/token_bucket.h"

namespace mizzen::rest {

/// One request to the API server.
struct Ask {
  std::string method = "GET";
  std::string path;  ///< with its query, without the server's base path
  std::string accept;
  std::string content_type;  ///< empty: no body
  std::string body;
};

/// Role: sends requests to one API server as one identity: connections, credentials, the limit of requests
/// per second, and second tries. Behaviour: client-go's: up to kTriesMax tries; again after what Retry-After
/// says where the server answers 429 or 5xx with it; a GET again after a second where the connection broke.
/// Threading: thread-safe; calls block, not from an event loop. Failure: as http::Client's; any status is an
/// answer. Lifecycle: stop() ends what is under way; idempotent, also in the destructor.
class Sender {
 public:
  static constexpr int kTriesMax = 11;
  /// What an answer may hold.
  static constexpr size_t kAnswerBytesMax = 512u << 20;

  Sender(http::Loops& loops, Runtime runtime, RestConfig config);

  Result<http::Response> send(const Ask& ask, const client::Call& call);
  /// An answer that comes piece by piece. `until`: for its header.
  Result<std::unique_ptr<http::ResponseReader>> open(const Ask& ask, const http::CallContext& until);
  /// New connections show this from now on; what is under way goes on.
  Result<void> renew(const http::ClientTlsOptions& tls) { return client_.reload_tls(tls); }
  void stop() { client_.stop(); }

 private:
  http::ClientRequest request_of(const Ask& ask);
  /// The Authorization header's value; empty where there is none.
  std::string credentials();

  const Runtime runtime_;
  const RestConfig config_;
  TokenBucket bucket_;
  http::Client client_;
  Mutex m_;
  std::string token_ MZ_GUARDED_BY(m_);  ///< as last read from its file
  std::optional<Monotonic> token_read_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::rest
