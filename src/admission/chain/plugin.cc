#include "admission/chain/plugin.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace mizzen::admission {

std::string_view operation_name(Operation operation) {
  switch (operation) {
    case Operation::Create:
      return "CREATE";
    case Operation::Update:
      return "UPDATE";
    case Operation::Delete:
      return "DELETE";
    case Operation::Connect:
      return "CONNECT";
  }
  return "";
}

bool Interest::covers(const Attributes& a) const {
  if (!contains(operations, a.operation)) return false;
  if (subresource != kAny && subresource != a.subresource) return false;
  if (resource == kAny) return true;
  return a.resource.plural == resource && (group == kAny || a.resource.group() == group);
}

Error refuse(const Attributes& a, std::string_view why, std::vector<Cause> causes) {
  std::string name(a.name);
  if (name.empty() && a.object) name = a.object->meta().generateName;
  ErrorDetails details;
  details.name = name;
  details.group = a.resource.group();
  details.kind = a.resource.plural;
  details.causes = std::move(causes);
  const std::string what =
      name.empty() ? a.resource.qualified() : fmt::format("{} {}", a.resource.qualified(), quote(name));
  return Error(Code::Forbidden, fmt::format("{} is forbidden: {}", what, why), std::move(details));
}

}  // namespace mizzen::admission
