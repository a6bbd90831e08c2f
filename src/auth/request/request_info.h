#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/subresources/verb.h"

namespace mizzen::auth {

/// Role: what a request is about, from method and path alone: the one reading of the URL that authorisation,
/// routing and storage share. Follows upstream's RequestInfo step by step. Threading: a plain value.
struct RequestInfo {
  bool is_resource = false;
  api::Verb verb = api::Verb::None;  ///< None for what is no resource
  std::string method;                ///< in lower case: the verb of what is no resource
  std::string path;                  ///< as it came
  std::string prefix;                ///< api or apis
  std::string group;
  std::string version;
  std::string namespace_;
  std::string resource;
  std::string name;
  std::string subresource;
  std::vector<std::string> rest;  ///< after the subresource

  /// The verb as roles and refusals name it.
  std::string_view verb_text() const { return is_resource ? api::verb_name(verb) : std::string_view(method); }
};

/// `segments` are the path's, decoded (http::split_path); `watch` tells whether the query asks for a watch.
RequestInfo parse_request(std::string_view method, std::string_view path,
                          const std::vector<std::string>& segments, bool watch);

}  // namespace mizzen::auth
