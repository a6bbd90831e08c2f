#pragma once
#include <string_view>

#include "auth/request/request_context.h"
#include "http/message/headers.h"
#include "http/message/url.h"
#include "machinery/schema/meta/v1/delete_options.h"

/// What a write's query and DeleteOptions say: the one reading of them, for every verb and subresource.
namespace mizzen::apiserver {

/// No write waits longer; upstream's bound for what changes something.
inline constexpr Duration kWriteTimeout = std::chrono::seconds(34);

/// Reads dryRun, fieldManager and fieldValidation into the context, and sets its deadline. `applies`: the
/// patch is an apply, which may force. Invalid with upstream's text, as one of CreateOptions, UpdateOptions,
/// PatchOptions by the context's verb; a delete's options are read by read_delete_options alone.
Result<void> read_write_options(const http::Query& query, bool applies, const Clock& clock,
                                auth::RequestContext& context);

/// DeleteOptions: from the body where there is one, else from the query. Sets the context's dry run and
/// deadline. BadRequest and Invalid as upstream.
Result<meta::v1::DeleteOptions> read_delete_options(const http::Query& query, const http::Headers& headers,
                                                    std::string_view body, const Clock& clock,
                                                    auth::RequestContext& context);
/// What may stand in DeleteOptions, wherever they come from. Invalid.
Result<void> check_delete_options(const meta::v1::DeleteOptions& options);

}  // namespace mizzen::apiserver
