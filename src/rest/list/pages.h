#pragma once
#include <functional>

#include "client/api/api_client.h"
#include "rest/send/sender.h"

namespace mizzen::rest {

/// One page as the server gives it.
Result<client::ObjectList> fetch_page(Sender& sender, const client::ResourceInfo& resource,
                                      const client::ListOptions& options, const client::Call& call);

/// A whole list in pages of `page_items`, each handed to `take`; the version it stands for. Errors: those of
/// fetch_page; Expired where the list took longer than the server keeps its state.
Result<std::string> fetch_pages(Sender& sender, const client::ResourceInfo& resource,
                                client::ListOptions options, int64_t page_items, const client::Call& call,
                                const std::function<void(std::vector<client::Object>)>& take);

}  // namespace mizzen::rest
