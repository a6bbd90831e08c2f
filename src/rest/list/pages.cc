#include "rest/list/pages.h"

#include "rest/wire/body.h"

namespace mizzen::rest {

Result<client::ObjectList> fetch_page(Sender& sender, const client::ResourceInfo& resource,
                                      const client::ListOptions& options, const client::Call& call) {
  Ask ask;
  ask.path = resource_path(resource, options.namespace_, "") + list_query(options);
  ask.accept = accept(resource, true);
  MZ_ASSIGN(const http::Response answer, sender.send(ask, call));
  const std::string_view type = answer.headers.get("Content-Type");
  if (answer.status != 200) return decode_error(answer.status, type, answer.body);
  return decode_list(resource, type, answer.body);
}

Result<std::string> fetch_pages(Sender& sender, const client::ResourceInfo& resource,
                                client::ListOptions options, const client::Call& call,
                                const std::function<void(std::vector<client::Object>)>& take) {
  options.limit = kPageItems;
  for (;;) {
    MZ_ASSIGN(client::ObjectList page, fetch_page(sender, resource, options, call));
    take(std::move(page.items));
    if (page.continue_token.empty()) return std::move(page.resource_version);
    // A token says at which version it goes on; saying another one is refused.
    options.resource_version.clear();
    options.resource_version_match.clear();
    options.continue_token = std::move(page.continue_token);
  }
}

}  // namespace mizzen::rest
