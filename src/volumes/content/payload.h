#pragma once
#include <map>
#include <string>
#include <vector>

#include "api/schema/core/v1/config_map.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/secret.h"
#include "base/result.h"
#include "volumes/content/field_ref.h"

namespace mizzen::volumes {

/// One file of a payload.
struct PayloadFile {
  std::string bytes;
  int32_t mode = 0644;
  friend bool operator==(const PayloadFile&, const PayloadFile&) = default;
};
/// Relative path to file; what a volume shows.
using Payload = std::map<std::string, PayloadFile>;

/// Where config maps and secrets come from: the API, or a test.
class ObjectSource {
 public:
  virtual ~ObjectSource() = default;
  /// NotFound with upstream's text (`configmap "x" not found`) where it is not there.
  virtual Result<std::shared_ptr<const api::core::v1::ConfigMap>> config_map(const std::string& namespace_,
                                                                             const std::string& name) = 0;
  virtual Result<std::shared_ptr<const api::core::v1::Secret>> secret(const std::string& namespace_,
                                                                      const std::string& name) = 0;
};

/// What a payload may be made from.
struct PayloadContext {
  const api::core::v1::Pod& pod;
  ObjectSource& objects;
  const Allocatable& allocatable;
};

/// The payload of a configMap, secret, downwardAPI or projected volume; BadRequest for another type, and for
/// projections that this version does not know (serviceAccountToken among them). Optional objects and keys
/// that are absent are left out; absent ones that are not optional are errors in upstream's words.
Result<Payload> payload_of(const api::core::v1::Volume& volume, const PayloadContext& context);

}  // namespace mizzen::volumes
