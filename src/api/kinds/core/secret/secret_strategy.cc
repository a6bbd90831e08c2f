#include "api/kinds/core/secret/secret_strategy.h"

#include "api/checks/data_checks.h"
#include "api/schema/core/v1/secret.h"
#include "codec/json/tree.h"

namespace mizzen::api {
namespace {

using core::v1::Secret;
using machinery::FieldErrors;
using machinery::Path;

class SecretStrategy final : public TypedStrategy<Secret> {
 public:
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  void defaults(Secret& s, std::string_view) const override {
    if (s.type.empty()) s.type = "Opaque";
    for (const auto& [key, value] : s.stringData) s.data.set(key, value);
    s.stringData.clear();
  }
  void check_create(const Secret& s, FieldErrors& errors) const override {
    if (check_data_keys(s.data, Path("data"), errors) > kDataBytesMax)
      errors.too_long(Path("data"), kDataBytesMax);
    const auto needs = [&](const char* key) {
      if (!s.data.contains(key)) errors.required(Path("data").key(key), "");
    };
    if (s.type == "kubernetes.io/dockerconfigjson" || s.type == "kubernetes.io/dockercfg") {
      const char* key = s.type == "kubernetes.io/dockercfg" ? ".dockercfg" : ".dockerconfigjson";
      needs(key);
      const std::string* text = s.data.find(key);
      if (!text) return;
      const Path where = Path("data").key(key);
      const auto parsed = codec::Value::parse(*text);
      if (!parsed.ok()) {
        errors.invalid(where, "<secret contents redacted>", parsed.error().message());
      } else if (!parsed->is_object() && !parsed->is_null()) {
        errors.invalid(where, "<secret contents redacted>",
                       std::string("json: cannot unmarshal ") +
                           (parsed->is_array()    ? "array"
                            : parsed->is_string() ? "string"
                            : parsed->is_bool()   ? "bool"
                                                  : "number") +
                           " into Go value of type map[string]interface {}");
      }
    } else if (s.type == "kubernetes.io/basic-auth") {
      if (!s.data.contains("username") && !s.data.contains("password")) {
        needs("username");
        needs("password");
      }
    } else if (s.type == "kubernetes.io/ssh-auth") {
      const std::string* key = s.data.find("ssh-privatekey");
      if (!key || key->empty()) errors.required(Path("data").key("ssh-privatekey"), "");
    } else if (s.type == "kubernetes.io/tls") {
      needs("tls.crt");
      needs("tls.key");
    } else if (s.type == "kubernetes.io/service-account-token" &&
               s.metadata.annotations.get("kubernetes.io/service-account.name").empty()) {
      errors.required(Path("metadata").child("annotations").key("kubernetes.io/service-account.name"), "");
    }
  }
  void before_update(Secret& s, const Secret& old) const override {
    if (s.type.empty()) s.type = old.type;
  }
  void check_update(const Secret& s, const Secret& old, FieldErrors& errors) const override {
    if (s.type != old.type) errors.invalid(Path("type"), s.type, "field is immutable");
    check_create(s, errors);
    if (!old.immutable.value_or(false)) return;
    if (!s.immutable.value_or(false)) errors.forbidden(Path("immutable"), kImmutableData);
    if (!(s.data == old.data)) errors.forbidden(Path("data"), kImmutableData);
  }
  void fields_of(const Secret& s, FieldValues& f) const override { f.set("type", s.type); }
  bool is_selectable(std::string_view f) const override { return f == "type"; }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Name of the secret."},
            {"Type", "string", "", "What the data is for."},
            {"Data", "string", "", "Number of keys."},
            {"Age", "string", "", "How long ago it was created."}};
  }
  TableCells row(const Secret& s, WallTime now) const override {
    return {cell(s.metadata.name), cell(s.type), cell(static_cast<int64_t>(s.data.size())),
            age_cell(s.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& secret_strategy() {
  static const SecretStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
