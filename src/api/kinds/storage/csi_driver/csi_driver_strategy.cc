#include "api/kinds/storage/csi_driver/csi_driver_strategy.h"

#include <algorithm>
#include <set>

#include "api/checks/field_checks.h"
#include "api/schema/storage/v1/csi_driver.h"
#include "base/strings.h"

namespace mizzen::api {
namespace {

using machinery::FieldErrors;
using machinery::Path;
using storage::v1::CSIDriver;
using storage::v1::TokenRequest;

constexpr int64_t kTokenSecondsMin = 600, kTokenSecondsMax = int64_t{1} << 32, kUpdateSecondsMin = 10;
constexpr const char* kImmutable = "field is immutable";

const char* text(bool b) { return b ? "true" : "false"; }

void check_tokens(const std::vector<TokenRequest>& tokens, const Path& at, FieldErrors& errors) {
  std::set<std::string_view> audiences;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const TokenRequest& t = tokens[i];
    if (!audiences.insert(t.audience).second) {
      errors.duplicate(at.index(i).child("audience"), t.audience);
      continue;
    }
    if (!t.expirationSeconds) continue;
    const Path seconds = at.index(i).child("expirationSeconds");
    if (*t.expirationSeconds < kTokenSecondsMin)
      errors.invalid(seconds, *t.expirationSeconds, "may not specify a duration less than 10 minutes");
    if (*t.expirationSeconds > kTokenSecondsMax)
      errors.invalid(seconds, *t.expirationSeconds, "may not specify a duration larger than 2^32 seconds");
  }
}

bool same_tokens(const CSIDriver& a, const CSIDriver& b) {
  return std::equal(a.spec.tokenRequests.begin(), a.spec.tokenRequests.end(), b.spec.tokenRequests.begin(),
                    b.spec.tokenRequests.end(),
                    [](const TokenRequest& x, const TokenRequest& y) { return codec::equal(x, y); });
}

class CSIDriverStrategy final : public TypedStrategy<CSIDriver> {
 public:
  bool allow_unconditional_update() const override { return false; }
  void defaults(CSIDriver& d, std::string_view) const override {
    auto& s = d.spec;
    if (!s.attachRequired) s.attachRequired = true;
    if (!s.podInfoOnMount) s.podInfoOnMount = false;
    if (!s.storageCapacity) s.storageCapacity = false;
    if (!s.fsGroupPolicy) s.fsGroupPolicy = "ReadWriteOnceWithFSType";
    if (s.volumeLifecycleModes.empty()) s.volumeLifecycleModes = {"Persistent"};
    if (!s.requiresRepublish) s.requiresRepublish = false;
    if (!s.seLinuxMount) s.seLinuxMount = false;
  }
  // The field stands behind a gate that is closed.
  void before_create(CSIDriver& d) const override { d.spec.preventPodSchedulingIfMissing.reset(); }
  void before_update(CSIDriver& d, const CSIDriver& old) const override {
    d.spec.preventPodSchedulingIfMissing.reset();
    if (!codec::equal(d.spec, old.spec)) d.metadata.generation = old.metadata.generation + 1;
  }
  void check_create(const CSIDriver& d, FieldErrors& errors) const override {
    const Path at("spec");
    const auto& s = d.spec;
    check_optional_of(s.fsGroupPolicy, at.child("fsGroupPolicy"), {"File", "None", "ReadWriteOnceWithFSType"},
                      errors);
    check_tokens(s.tokenRequests, at.child("tokenRequests"), errors);
    for (const std::string& mode : s.volumeLifecycleModes)
      if (mode != "Persistent" && mode != "Ephemeral")
        errors.not_supported(at.child("volumeLifecycleModes"), mode, {"Persistent", "Ephemeral"});
    const auto& period = s.nodeAllocatableUpdatePeriodSeconds;
    if (period && *period < kUpdateSecondsMin)
      errors.invalid(at.child("nodeAllocatableUpdatePeriodSeconds"), *period,
                     "must be greater than or equal to 10 seconds");
    if (s.serviceAccountTokenInSecrets && s.tokenRequests.empty())
      errors.invalid_raw(at.child("serviceAccountTokenInSecrets"), text(*s.serviceAccountTokenInSecrets),
                         "serviceAccountTokenInSecrets is set but no tokenRequests are specified");
  }
  void check_update(const CSIDriver& d, const CSIDriver& old, FieldErrors& errors) const override {
    check_create(d, errors);
    const Path at("spec");
    if (d.spec.attachRequired != old.spec.attachRequired)
      errors.invalid_raw(at.child("attachedRequired"), text(d.spec.attachRequired.value_or(false)),
                         kImmutable);
    if (d.spec.volumeLifecycleModes != old.spec.volumeLifecycleModes)
      errors.invalid_raw(at.child("volumeLifecycleModes"), list_json(d.spec.volumeLifecycleModes),
                         kImmutable);
  }
  std::vector<std::string> warn(const CSIDriver& d, const CSIDriver* old) const override {
    if (d.spec.tokenRequests.empty() || d.spec.serviceAccountTokenInSecrets) return {};
    if (old && same_tokens(d, *old)) return {};
    return {
        "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent "
        "possible logging of tokens in volume attributes"};
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"AttachRequired", "boolean", "", "Whether volumes are attached before they are mounted."},
            {"PodInfoOnMount", "boolean", "", "Whether it is told of the pod that a volume is mounted for."},
            {"StorageCapacity", "boolean", "", "Whether it tells how much room there is."},
            {"TokenRequests", "string", "", "Audiences of the tokens it is given."},
            {"RequiresRepublish", "boolean", "", "Whether it is asked again while a volume is mounted."},
            {"Modes", "string", "", "Kinds of volumes it can make."},
            {"Age", "string", "", "How long ago it was created."}};
  }
  TableCells row(const CSIDriver& d, WallTime now) const override {
    const auto& s = d.spec;
    std::vector<std::string> audiences;
    for (const TokenRequest& t : s.tokenRequests) audiences.push_back(t.audience);
    return {cell(d.metadata.name),
            text(s.attachRequired.value_or(true)),
            text(s.podInfoOnMount.value_or(false)),
            text(s.storageCapacity.value_or(false)),
            cell(audiences.empty() ? "<unset>" : join(audiences, ",")),
            text(s.requiresRepublish.value_or(false)),
            cell(s.volumeLifecycleModes.empty() ? "<none>" : join(s.volumeLifecycleModes, ",")),
            age_cell(d.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& csi_driver_strategy() {
  static const CSIDriverStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
