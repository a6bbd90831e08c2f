#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/subresources/verb.h"
#include "api/v1beta1/convert.h"
#include "http/message/slice.h"
#include "http/message/url.h"

/// The first API, /api/v1beta1, as another spelling of v1: paths, queries and bodies are those of v1 from
/// here on, answers become v1beta1's at the end. Discovery does not tell of it: clients of today would choose
/// between two.
namespace mizzen::apiserver {

/// A request of v1beta1 as v1's.
struct OldRequest {
  const api::v1beta1::KindNames* kind;
  std::vector<std::string> segments;  ///< of v1's path
  std::string path;
  http::Query query;
};
/// Pure: /api/v1beta1/RESOURCE[/NAME[/SUBRESOURCE]]?namespace=NS, with `labels` and `fields` as selectors.
/// Without a namespace it is `default`, of a list all. Nothing where it is no request of v1beta1, or of none
/// of its kinds.
std::optional<OldRequest> old_request(std::string_view method, const std::vector<std::string>& segments,
                                      const http::Query& query);

/// Pure: the body of a write as v1 has it, JSON; `stored` is the object as it is, for an update, JSON of v1,
/// empty where there is none. `unknown` gets fields that v1beta1 never had. BadRequest, or Invalid with the
/// paths of what v1 cannot say.
Result<std::string> body_of_old(const api::v1beta1::KindNames& kind, api::Verb verb, std::string_view body,
                                std::string_view stored, std::vector<std::string>& unknown);
/// Pure: an answer of v1 as v1beta1 had it; what is no object of the kind (a Status) stays.
http::Body answer_of_old(const api::v1beta1::KindNames& kind, http::Body answer);

}  // namespace mizzen::apiserver
