#pragma once
#include <functional>

#include "apiserver/registry/core.h"

namespace mizzen::apiserver {

/// Role: a request to a subresource that changes one part of an object, however it came. Threading: a plain
/// value; one stage at a time has it.
struct PartRequest {
  /// Names the object and the subresource.
  RequestContextPtr context;
  /// What was sent, as the part's in-memory message; empty for reads and patches.
  Object object;
  /// A patch: makes the wanted part from the present one; asked again after a conflict.
  std::function<Result<Object>(const Object& present)> change;
};

/// The part as it is now; an empty object where there is nothing to show but success.
using PartDone = std::function<void(Result<Object>)>;

/// Asks admission about the part that was sent, as upstream does: the subresource with its own object, under
/// `operation`. `next` runs where it may be; it gets the object as plug-ins have left it.
void admit_part(Core& core, const PartRequest& request, admission::Operation operation, PartDone done,
                std::function<void(Object)> next);

}  // namespace mizzen::apiserver
