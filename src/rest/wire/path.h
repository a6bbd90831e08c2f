#pragma once
#include <string>

#include "client/api/api_client.h"

/// Requests as URLs. Pure.
namespace mizzen::rest {

using client::ResourceInfo;
using machinery::Object;

/// The version that is spoken with the server.
const api::ServedVersion& spoken(const ResourceInfo& resource);

/// "/api/v1/namespaces/ns/pods/name/status"; `name` and `subresource` may be empty.
std::string resource_path(const ResourceInfo& resource, const std::string& namespace_,
                          const std::string& name, const std::string& subresource = "");
/// A list's or watch's query, with its '?'; empty where there is nothing to say.
std::string list_query(const client::ListOptions& options);
/// Likewise of a watch, which the server ends by itself after `timeout_seconds`.
std::string watch_query(const client::ListOptions& options, int64_t timeout_seconds);
/// Likewise of a write.
std::string write_query(const client::WriteOptions& options);

}  // namespace mizzen::rest
