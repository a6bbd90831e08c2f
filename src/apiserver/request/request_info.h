#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mizzen::apiserver {

/// Role: what a request is about, from method and path alone: the one reading of the URL that authorisation,
/// routing and storage share. Follows upstream's RequestInfo step by step.
struct RequestInfo {
  bool is_resource = false;
  std::string verb;    ///< get, list, watch, create, update, patch, delete, deletecollection; else the method
                       ///< in lower case
  std::string prefix;  ///< api or apis
  std::string group;
  std::string version;
  std::string namespace_;
  std::string resource;
  std::string name;
  std::string subresource;
  std::vector<std::string> rest;  ///< after the subresource
};

/// `segments` are decoded (http::split_path); `watch` tells whether the query asks for a watch.
RequestInfo parse_request(std::string_view method, const std::vector<std::string>& segments, bool watch);

}  // namespace mizzen::apiserver
