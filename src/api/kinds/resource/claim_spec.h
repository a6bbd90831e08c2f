#pragma once
#include <map>
#include <set>
#include <string>

#include "api/schema/resource/v1/exact_device_request.h"
#include "machinery/errors/field_errors.h"

/// What is claimed, as it stands in claims and in templates of them.
namespace mizzen::api {

/// Names of the requests of a claim; of each one the names of its alternatives.
class RequestNames {
 public:
  explicit RequestNames(const resource::v1::DeviceClaim& claim);
  /// A name from elsewhere in the claim: "request" or "request/alternative". At most kRequestsMax of them,
  /// each once.
  void check_references(const std::vector<std::string>& names, const machinery::Path& at,
                        machinery::FieldErrors& errors) const;
  void check_reference(const std::string& name, const machinery::Path& at,
                       machinery::FieldErrors& errors) const;

 private:
  bool has(std::string_view name) const;
  std::map<std::string, std::set<std::string>, std::less<>> names_;
};

inline constexpr size_t kRequestsMax = 32;
/// Configurations of a claim or a class.
inline constexpr size_t kConfigurationsMax = 32;

void set_claim_defaults(resource::v1::ResourceClaimSpec& spec);
/// All but what only the containing namespace tells: whether anybody may have admin access.
void check_claim_spec(const resource::v1::ResourceClaimSpec& spec, const machinery::Path& at,
                      machinery::FieldErrors& errors);

}  // namespace mizzen::api
