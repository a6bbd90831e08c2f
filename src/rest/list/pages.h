#pragma once
#include <functional>

#include "client/api/api_client.h"
#include "rest/send/sender.h"

namespace mizzen::rest {

/// Items of a page; client-go's number.
inline constexpr int64_t kPageItems = 500;

/// One page as the server gives it.
Result<client::ObjectList> fetch_page(Sender& sender, const client::ResourceInfo& resource,
                                      const client::ListOptions& options, const client::Call& call);

/// A whole list in pages of kPageItems, each handed to `take`; the version it stands for. Errors: those of
/// fetch_page; Expired where the list took longer than the server keeps its state.
Result<std::string> fetch_pages(Sender& sender, const client::ResourceInfo& resource,
                                client::ListOptions options, const client::Call& call,
                                const std::function<void(std::vector<client::Object>)>& take);

}  // namespace mizzen::rest
