#include "apiserver/subresources/reviews.h"

#include "api/schema/authentication/v1/self_subject_review.h"
#include "api/schema/authentication/v1/token_review.h"

namespace mizzen::apiserver {
namespace {

using api::authentication::v1::SelfSubjectReview;
using api::authentication::v1::TokenReview;
using api::authentication::v1::UserInfo;

UserInfo info_of(const auth::User& user) {
  UserInfo out;
  out.username = user.name;
  out.uid = user.uid;
  out.groups = user.groups;
  for (const auto& [key, values] : user.extra) out.extra[key].items = values;
  return out;
}

Object reviewed(const Core& core, TokenReview review) {
  review.status = {};
  std::vector<std::string> audiences = review.spec.audiences;
  if (audiences.empty() && core.token_keys()) audiences = core.token_keys()->audiences;
  const auto found = core.credentials().review(review.spec.token, audiences);
  if (found.ok()) {
    review.status.authenticated = true;
    review.status.user = info_of(found->user);
    review.status.audiences = found->audiences;
  } else {
    review.status.error = found.error().message();
  }
  return Object::of(std::move(review));
}

}  // namespace

void review_token(Core& core, const PartRequest& request, PartDone done) {
  const auto* sent = request.object.as<TokenReview>();
  if (!sent || sent->spec.token.empty())
    return done(Error(Code::BadRequest, "token is required for TokenReview in authentication"));
  admit_part(core, request, admission::Operation::Create, done,
             [&core, done](const Object& admitted) { done(reviewed(core, *admitted.as<TokenReview>())); });
}

void review_self(Core& core, const PartRequest& request, PartDone done) {
  admit_part(core, request, admission::Operation::Create, done,
             [&core, done, context = request.context](const Object&) {
               SelfSubjectReview out;
               out.metadata.creationTimestamp = codec::Time::from(core.clock().wall());
               out.status.userInfo = info_of(context->user);
               done(Object::of(std::move(out)));
             });
}

}  // namespace mizzen::apiserver
