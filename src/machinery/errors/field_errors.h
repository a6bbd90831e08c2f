#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mizzen::machinery {

/// A place in an object, as validation messages name it: spec.containers[0].name, metadata.labels[app].
/// Threading: a plain value.
class Path {
 public:
  Path() = default;
  /// A root without a name prints as an empty subscript, as upstream's does.
  explicit Path(std::string_view name) : text_(name.empty() ? "[]" : name) {}
  Path child(std::string_view name) const;
  Path index(size_t i) const;
  Path key(std::string_view k) const;
  const std::string& str() const { return text_; }

 private:
  std::string text_;
};

/// Role: collects what is wrong with an object, in upstream's words (field.ErrorList): each entry prints as
/// `path: Type: "value": detail`.
/// Bounds: kFieldErrorsMax entries are kept.
class FieldErrors {
 public:
  static constexpr size_t kFieldErrorsMax = 1000;

  void required(const Path& at, std::string_view detail);
  /// `value` as Go's %#v-like form prints it; strings are quoted by invalid(), other values by invalid_raw().
  void invalid(const Path& at, std::string_view value, std::string_view detail);
  void invalid_raw(const Path& at, std::string_view value_text, std::string_view detail);
  void invalid(const Path& at, int64_t value, std::string_view detail) {
    invalid_raw(at, std::to_string(value), detail);
  }
  void duplicate(const Path& at, std::string_view value);
  /// The same for what is no string; `value_text` is JSON, or what Go prints.
  void duplicate_raw(const Path& at, std::string_view value_text, std::string_view detail = {});
  void not_found(const Path& at, std::string_view value, std::string_view detail = {});
  /// The supported values are printed in the order given: some of upstream's lists are sorted, some are not.
  void not_supported(const Path& at, std::string_view value, const std::vector<std::string>& supported);
  /// The same for what is no string; `value_text` is what Go prints.
  void not_supported_raw(const Path& at, std::string_view value_text,
                         const std::vector<std::string>& supported);
  void forbidden(const Path& at, std::string_view detail);
  void too_long(const Path& at, size_t bytes_max);
  void too_many(const Path& at, size_t actual, size_t max);
  void internal(const Path& at, std::string_view detail);
  void append(const FieldErrors& other);

  bool empty() const { return causes_.empty(); }
  size_t size() const { return causes_.size(); }
  const std::vector<Cause>& causes() const { return causes_; }
  /// All entries, each text once; in brackets where there are several.
  std::string text() const;
  /// `Kind.group "name" is invalid: ...` with all causes, as upstream's NewInvalid.
  Error to_error(std::string_view group, std::string_view kind, std::string_view name) const;

 private:
  void add(const char* reason, const Path& at, std::string message);
  std::vector<Cause> causes_;
};

}  // namespace mizzen::machinery
