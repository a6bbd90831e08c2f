#include "apps/roles/remote_reviews.h"

namespace mizzen::apps {

Result<std::optional<auth::User>> RemoteReviews::token(const std::string& token, Deadline deadline) {
  client::Call call;
  call.deadline = deadline;
  MZ_ASSIGN(auto status, reviews_.token(token, call));
  if (!status.authenticated) return std::optional<auth::User>();
  return std::optional(auth::User{std::move(status.user.username), std::move(status.user.groups)});
}

Result<bool> RemoteReviews::access(const auth::User& user, const std::string& verb,
                                   const std::string& subresource, Deadline deadline) {
  client::Call call;
  call.deadline = deadline;
  api::authorization::v1::SubjectAccessReviewSpec spec;
  spec.user = user.name;
  spec.groups = user.groups;
  auto& what = spec.resourceAttributes.ensure();
  what.verb = verb;
  what.version = "v1";
  what.resource = "nodes";
  what.subresource = subresource;
  what.name = node_;
  MZ_ASSIGN(const auto status, reviews_.access(std::move(spec), call));
  return status.allowed && !status.denied;
}

}  // namespace mizzen::apps
