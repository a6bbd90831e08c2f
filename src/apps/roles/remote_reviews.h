#pragma once
#include <string>

#include "kubelet/access/reviewed_callers.h"
#include "rest/reviews/reviews.h"

namespace mizzen::apps {

/// Role: an API server elsewhere says who calls a node and what they may. Threading and failure: as
/// rest::Reviews'.
class RemoteReviews final : public kubelet::AccessReviews {
 public:
  RemoteReviews(std::shared_ptr<rest::Sender> sender, std::string node)
      : reviews_(std::move(sender)), node_(std::move(node)) {}
  Result<std::optional<auth::User>> token(const std::string& token, Deadline deadline) override;
  Result<bool> access(const auth::User& user, const std::string& verb, const std::string& subresource,
                      Deadline deadline) override;

 private:
  rest::Reviews reviews_;
  const std::string node_;
};

}  // namespace mizzen::apps
