#include "rest/reviews/reviews.h"

#include "codec/json/json_codec.h"
#include "rest/wire/body.h"

namespace mizzen::rest {

using api::authentication::v1::TokenReview;
using api::authorization::v1::SubjectAccessReview;

template <typename Review>
Result<Review> Reviews::ask(const char* path, const codec::TypeMeta& type, const Review& review,
                            const client::Call& call) {
  Ask ask;
  ask.method = "POST";
  ask.path = path;
  ask.accept = kJson;
  ask.content_type = kJson;
  codec::encode_json(ask.body, Review::descriptor(), &review, &type);
  MZ_ASSIGN(const http::Response answer, sender_->send(ask, call));
  if (answer.status < 200 || answer.status > 299)
    return decode_error(answer.status, answer.headers.get("Content-Type"), answer.body);
  return codec::from_json<Review>(answer.body);
}

Result<api::authentication::v1::TokenReviewStatus> Reviews::token(const std::string& token,
                                                                  const client::Call& call) {
  TokenReview review;
  review.spec.token = token;
  MZ_ASSIGN(TokenReview answer, ask("/apis/authentication.k8s.io/v1/tokenreviews",
                                    {"authentication.k8s.io/v1", "TokenReview"}, review, call));
  return std::move(answer.status);
}

Result<api::authorization::v1::SubjectAccessReviewStatus> Reviews::access(
    api::authorization::v1::SubjectAccessReviewSpec spec, const client::Call& call) {
  SubjectAccessReview review;
  review.spec = std::move(spec);
  MZ_ASSIGN(SubjectAccessReview answer,
            ask("/apis/authorization.k8s.io/v1/subjectaccessreviews",
                {"authorization.k8s.io/v1", "SubjectAccessReview"}, review, call));
  return std::move(answer.status);
}

}  // namespace mizzen::rest
