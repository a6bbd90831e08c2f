#pragma once
#include <memory>
#include <string>
#include <vector>

#include "api/registry/registry.h"
#include "async/stop.h"
#include "auth/user/user.h"
#include "base/clock.h"

namespace mizzen::auth {

/// What happens to unknown and duplicate fields.
enum class FieldValidation : uint8_t { Ignore, Warn, Strict };

/// Role: all that goes with one request through the API: who asks for what, under which options, until when.
/// Made once, by the HTTP edge or by the loopback, and handed to every stage below them. Threading: one stage
/// at a time has it; `stop` alone may be used from anywhere.
struct RequestContext {
  User user;
  api::Verb verb = api::Verb::None;
  api::ResourcePtr resource;                         ///< null for documents
  const api::SubresourceRow* subresource = nullptr;  ///< null: the resource itself
  std::string namespace_;                            ///< empty for cluster-wide resources and for all
  std::string name;
  std::string api_version;  ///< of the request, for defaults that changed between versions
  std::string audit_id;

  std::string field_manager;
  FieldValidation field_validation = FieldValidation::Warn;
  bool dry_run = false;
  /// A key of the store without which nothing may be written: it says that who writes still leads. Empty:
  /// none.
  std::string fence;

  Deadline deadline = Deadline::never();
  StopToken stop;  ///< the client has gone
  /// Texts for the Warning header, in the order they came up.
  std::vector<std::string> warnings;
};
using RequestContextPtr = std::shared_ptr<RequestContext>;

}  // namespace mizzen::auth
