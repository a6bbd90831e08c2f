#pragma once
#include <map>
#include <memory>
#include <optional>
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
  std::optional<int64_t> owner = {};  ///< a user; none: who writes it
  friend bool operator==(const PayloadFile&, const PayloadFile&) = default;
};
/// Relative path to file; what a volume shows.
using Payload = std::map<std::string, PayloadFile>;

/// Where config maps, secrets and tokens come from: the API, or a test.
class ObjectSource {
 public:
  virtual ~ObjectSource() = default;
  /// NotFound with upstream's text (`configmap "x" not found`) where it is not there.
  virtual Result<std::shared_ptr<const api::core::v1::ConfigMap>> config_map(const std::string& namespace_,
                                                                             const std::string& name) = 0;
  virtual Result<std::shared_ptr<const api::core::v1::Secret>> secret(const std::string& namespace_,
                                                                      const std::string& name) = 0;
  /// A token that stands for the pod's service account, bound to the pod. ServiceUnavailable, with upstream's
  /// text (`failed to fetch token: ...`), while there is none.
  virtual Result<std::string> service_account_token(
      const api::core::v1::Pod& pod, const api::core::v1::ServiceAccountTokenProjection& wanted) = 0;
};

/// What a volume may be made from.
struct PayloadContext {
  const api::core::v1::Pod& pod;
  ObjectSource& objects;
  const Allocatable& allocatable;
  uint64_t memory_bytes_max =
      0;  ///< of each volume in memory; 0: the kernel's default, half of the machine's
};

/// The payload of a configMap, secret, downwardAPI or projected volume; BadRequest for another type, and for
/// projections that this version does not know (clusterTrustBundle, podCertificate). Optional objects and
/// keys that are absent are left out; absent ones that are not optional are errors in upstream's words, all
/// those of a projected volume together. A token is for the pod alone: where its group or user is known,
/// nobody else may read the file.
Result<Payload> payload_of(const api::core::v1::Volume& volume, const PayloadContext& context);

}  // namespace mizzen::volumes
