#pragma once
#include <memory>
#include <string>

#include "api/schema/authentication/v1/token_review.h"
#include "api/schema/authorization/v1/subject_access_review.h"
#include "client/api/api_client.h"
#include "rest/send/sender.h"

namespace mizzen::rest {

/// Role: asks an API server who somebody is and what they may: reviews are answered, and stored nowhere, so
/// they are no resources of an ApiClient. Threading: thread-safe; calls block. Failure: the server's errors;
/// NotFound where it serves no such reviews.
class Reviews {
 public:
  explicit Reviews(std::shared_ptr<Sender> sender) : sender_(std::move(sender)) {}
  Result<api::authentication::v1::TokenReviewStatus> token(const std::string& token,
                                                           const client::Call& call);
  Result<api::authorization::v1::SubjectAccessReviewStatus> access(
      api::authorization::v1::SubjectAccessReviewSpec spec, const client::Call& call);

 private:
  template <typename Review>
  Result<Review> ask(const char* path, const codec::TypeMeta& type, const Review& review,
                     const client::Call& call);

  const std::shared_ptr<Sender> sender_;
};

}  // namespace mizzen::rest
