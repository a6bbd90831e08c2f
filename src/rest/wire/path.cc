#include "rest/wire/path.h"

#include "http/message/url.h"

namespace mizzen::rest {
namespace {

std::string after_mark(const http::Query& query) { return query.empty() ? "" : "?" + query.encode(); }

http::Query selection(const client::ListOptions& options) {
  http::Query query;
  const auto say = [&query](const char* name, const std::string& value) {
    if (!value.empty()) query.add(name, value);
  };
  say("labelSelector", options.label_selector);
  say("fieldSelector", options.field_selector);
  say("resourceVersion", options.resource_version);
  say("resourceVersionMatch", options.resource_version_match);
  return query;
}

}  // namespace

const api::ServedVersion& spoken(const ResourceInfo& resource) { return resource.versions[resource.spoken]; }

std::string resource_path(const ResourceInfo& resource, const std::string& ns, const std::string& name,
                          const std::string& subresource) {
  const api::ServedVersion& version = spoken(resource);
  std::string out = version.group.empty() ? "/api/" : "/apis/" + version.group + "/";
  out += version.version;
  if (resource.namespaced && !ns.empty()) out += "/namespaces/" + http::percent_encode(ns);
  out += "/" + resource.plural;
  if (!name.empty()) out += "/" + http::percent_encode(name);
  if (!subresource.empty()) out += "/" + subresource;
  return out;
}

std::string list_query(const client::ListOptions& options) {
  http::Query query = selection(options);
  if (options.limit > 0) query.add("limit", std::to_string(options.limit));
  if (!options.continue_token.empty()) query.add("continue", options.continue_token);
  return after_mark(query);
}

std::string watch_query(const client::ListOptions& options, int64_t timeout_seconds) {
  client::ListOptions asked = options;
  if (options.send_initial_events) asked.resource_version_match = "NotOlderThan";
  http::Query query = selection(asked);
  query.add("watch", "true");
  if (options.allow_bookmarks) query.add("allowWatchBookmarks", "true");
  if (options.send_initial_events) query.add("sendInitialEvents", "true");
  query.add("timeoutSeconds", std::to_string(timeout_seconds));
  return after_mark(query);
}

std::string write_query(const client::WriteOptions& options) {
  http::Query query;
  if (options.dry_run) query.add("dryRun", "All");
  if (!options.field_manager.empty()) query.add("fieldManager", options.field_manager);
  return after_mark(query);
}

}  // namespace mizzen::rest
