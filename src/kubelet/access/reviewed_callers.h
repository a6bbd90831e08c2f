#pragma once
#include <optional>
#include <string>

#include "kubelet/access/node_auth.h"
#include "kubelet/access/remembered.h"

namespace mizzen::kubelet {

/// Role: asks the API server about callers of a node. Threading: thread-safe; blocks until the deadline.
/// Failure: NotFound where the server serves no such reviews.
class AccessReviews {
 public:
  virtual ~AccessReviews() = default;
  /// Whose token it is (TokenReview); nothing where it is no good.
  virtual Result<std::optional<auth::User>> token(const std::string& token, Deadline deadline) = 0;
  /// Whether they may (SubjectAccessReview) do this to nodes/SUBRESOURCE of this node.
  virtual Result<bool> access(const auth::User& user, const std::string& verb, const std::string& subresource,
                              Deadline deadline) = 0;
};

/// Role: callers are who their certificate or token says, and may what the API server says. Kubernetes
/// contract: upstream's kubelet with webhook authentication and authorisation and its default times:
/// answers about tokens are good for two minutes, a yes for five, a no for half a minute; nobody is
/// anonymous. Where the server has no access reviews, system:masters may do all and nobody else anything.
/// Threading: thread-safe. Failure: a server that is away is an error, not a no.
class ReviewedCallers final : public NodeAuth {
 public:
  struct Options {
    std::string client_ca_pem;
    Duration token_good_for = std::chrono::minutes(2);
    Duration yes_good_for = std::chrono::minutes(5);
    Duration no_good_for = std::chrono::seconds(30);
  };
  ReviewedCallers(AccessReviews& reviews, const Clock& clock, Options options)
      : reviews_(reviews), options_(std::move(options)), tokens_(clock), decisions_(clock) {}
  std::string client_ca_pem() const override { return options_.client_ca_pem; }
  Result<auth::User> identify(const http::Request& request, Deadline deadline) override;
  Result<bool> allows(const auth::User& user, const std::string& verb, const std::string& subresource,
                      Deadline deadline) override;

 private:
  AccessReviews& reviews_;
  const Options options_;
  Remembered<std::optional<auth::User>> tokens_;  ///< by token: kept in memory alone, never told
  Remembered<bool> decisions_;
};

}  // namespace mizzen::kubelet
