#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/registry/registry.h"
#include "machinery/object/object.h"

namespace mizzen::api {

/// "path: message" of each error.
using Lines = std::vector<std::string>;

/// What a request is answered with: the object as it became, and what is wrong with it.
struct Answer {
  machinery::MutableObject object;
  Lines errors;
  std::vector<std::string> warnings;
};

/// Objects of one resource, written as JSON and checked as the API server checks them: defaults, preparation,
/// rules. A name and a namespace are filled in where they are missing.
class Checked {
 public:
  Checked(const char* group, const char* version, const char* plural);
  machinery::MutableObject make(const std::string& json) const;
  /// As it stands in `json`: no defaults, no name.
  machinery::MutableObject decode(const std::string& json) const;
  /// What a create, an update and an update of the status are answered with. `api_version` is the version of
  /// the request, the storage version unless given.
  Lines create(const std::string& json, std::string_view api_version = "") const;
  Lines update(const std::string& from, const std::string& to, std::string_view api_version = "") const;
  Lines status(const std::string& from, const std::string& to) const;
  /// The same with the object and the warnings.
  Answer answer_create(const std::string& json, std::string_view api_version = "") const;
  Answer answer_update(const std::string& from, const std::string& to,
                       std::string_view api_version = "") const;
  Answer answer_status(const std::string& from, const std::string& to) const;
  std::vector<TableColumn> columns() const { return resource_.strategy->table_columns(); }
  std::vector<std::string> row_of(const machinery::MutableObject& object) const;
  /// The row of its table 100 seconds after 2026-01-01T00:00:00Z, each cell as JSON.
  std::vector<std::string> row(const std::string& json) const;

 private:
  /// As it would stand in the store, with its status.
  machinery::MutableObject stored(const std::string& json) const;
  /// `old` is null on create. It is 2026-01-01T00:00:00Z.
  void stamp(machinery::MutableObject& object, const void* old) const;

  const ResourceInfo& resource_;
  const std::string version_;
};

/// One object and the errors of its creation.
struct One {
  const char* json;
  Lines errors;
};
/// An object, what it is changed to, and the errors of the change.
struct Two {
  const char* from;
  const char* to;
  Lines errors;
};

void expect_created(const Checked& kind, const std::vector<One>& table);
void expect_updated(const Checked& kind, const std::vector<Two>& table);

}  // namespace mizzen::api
