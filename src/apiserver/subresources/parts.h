#pragma once
#include "apiserver/subresources/part_request.h"

namespace mizzen::apiserver {

/// Answers a request to a subresource that has a function of its own (api::Handled::Part): the one dispatch
/// of HTTP and loopback. `done` runs once, from any thread; where it is the committing thread it must be
/// short.
void answer_part(Core& core, const PartRequest& request, PartDone done);

/// The in-memory message of what a part takes and shows: its newest version, or the resource's own.
const codec::Message& part_message(const api::ResourceInfo& resource, const api::SubresourceRow& row);

}  // namespace mizzen::apiserver
