#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>

#include "base/result.h"
#include "codec/tables/containers.h"
#include "machinery/schema/meta/v1/label_selector.h"

namespace mizzen::machinery {

using Labels = codec::Map<std::string>;

/// One condition on a label.
struct Requirement {
  enum class Op : uint8_t {
    Equals,
    DoubleEquals,
    NotEquals,
    In,
    NotIn,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan
  };
  std::string key;
  Op op = Op::Exists;
  std::vector<std::string> values;  ///< sorted

  /// `value`: of the label; nothing where the object does not have it.
  bool holds(std::optional<std::string_view> value) const;
};

/// Looks a label up; nothing where it is not there.
using LabelLookup = absl::FunctionRef<std::optional<std::string_view>(std::string_view key)>;
/// Looks a field up; empty where it is not there.
using FieldLookup = absl::FunctionRef<std::string_view(std::string_view field)>;

/// Role: conditions on labels that must all hold: -l of kubectl, labelSelector of list and watch.
/// Threading: immutable after construction. An empty selector matches everything, nothing() matches nothing.
class LabelSelector {
 public:
  LabelSelector() = default;
  static LabelSelector nothing();
  /// `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`. BadRequest with upstream's text.
  static Result<LabelSelector> parse(std::string_view text);
  /// From the API type. Invalid operators and values are errors with upstream's text.
  static Result<LabelSelector> from(const meta::v1::LabelSelector& selector);
  /// Every pair must be there: spec.selector of services and replication controllers.
  static LabelSelector from_pairs(const Labels& pairs);

  bool matches(const Labels& labels) const;
  bool matches(LabelLookup label) const;
  bool empty() const { return requirements_.empty() && !nothing_; }
  const std::vector<Requirement>& requirements() const { return requirements_; }
  /// The form that parse() reads.
  std::string str() const;

 private:
  std::vector<Requirement> requirements_;
  bool nothing_ = false;
};

/// Role: conditions on fields that must all hold: fieldSelector of list and watch.
/// Threading: immutable after construction.
class FieldSelector {
 public:
  /// One condition; fields compare as text.
  struct Term {
    std::string field;
    std::string value;
    bool equals = true;
  };
  /// `metadata.name=x,spec.nodeName!=y`; `\` escapes `\ , =`.
  static Result<FieldSelector> parse(std::string_view text);
  /// Calls fields by other names.
  void rename(std::string (*name_of)(std::string_view field));
  bool empty() const { return terms_.empty(); }
  const std::vector<Term>& terms() const { return terms_; }
  /// The value that `field` must equal; nullptr where the selector does not say.
  const std::string* exact(std::string_view field) const;
  /// Matches against the fields that the resource offers.
  bool matches(FieldLookup field) const;

 private:
  std::vector<Term> terms_;
};

}  // namespace mizzen::machinery
