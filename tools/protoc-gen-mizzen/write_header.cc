#include <set>

#include "model.h"

namespace mizzen::compiler {
namespace {
std::string local_name(const Descriptor* d) {
  const std::string full = cpp_name(d);
  return full.substr(full.rfind(':') + 1);
}

/// The comment above a message or field in the .proto, as /// lines.
template <typename D>
std::string comment(const D* d, const std::string& indent) {
  google::protobuf::SourceLocation where;
  std::string out;
  if (!d->GetSourceLocation(&where) || where.leading_comments.empty()) return out;
  out = indent + "///";
  for (char c : where.leading_comments) out += c == '\n' ? "\n" + indent + "///" : std::string(1, c);
  out.resize(out.size() - indent.size() - 4);
  return out + "\n";
}
}  // namespace

std::string write_header(const FileDescriptor* file) {
  std::string out = "#pragma once\n// Generated from " + file->name() +
                    "; do not edit.\n#include \"codec/tables/schema.h\"\n";
  std::set<std::string> includes;
  for (int i = 0; i < file->dependency_count(); ++i) {
    const FileDescriptor* dep = file->dependency(i);
    if (dep->package() == "mizzen.schema" || dep->package() == "mizzen.values" ||
        dep->package() == "google.protobuf")
      continue;
    includes.insert(base_path(dep));
  }
  for (const std::string& path : includes) out += "#include \"" + path + ".h\"\n";
  out += "\nnamespace " + cpp_namespace(file->package()) + " {\nnamespace codec = ::mizzen::codec;\n\n";
  const auto messages = ordered_messages(file);
  for (const Descriptor* d : messages) out += "struct " + local_name(d) + ";\n";
  for (const Descriptor* d : messages) {
    const std::string name = local_name(d);
    out += "\n" + comment(d, "") + "struct " + name + " {\n";
    for (const FieldModel& m : fields_of(d)) {
      out += comment(m.field, "  ");
      const bool zero = m.shape == "Value" && !m.message && m.element.find("::") == std::string::npos;
      out += "  " + m.type + " " + m.member + (zero ? "{}" : "") + ";\n";
    }
    out += "\n  " + name + "();\n  " + name + "(const " + name + "&);\n  " + name + "(" + name +
           "&&) noexcept;\n  " + name + "& operator=(const " + name + "&);\n  " + name + "& operator=(" +
           name + "&&) noexcept;\n  ~" + name + "();\n  static const codec::Message& descriptor();\n};\n";
  }
  for (int i = 0; i < file->enum_type_count(); ++i) {
    const auto* e = file->enum_type(i);
    out += "\n/// Values of " + e->name() + ".\nnamespace " + e->name() + " {\n";
    for (int v = 0; v < e->value_count(); ++v)
      out += "inline constexpr int32_t " + member_name(e->value(v)->name()) + " = " +
             std::to_string(e->value(v)->number()) + ";\n";
    out += "}\n";
  }
  return out + "\n}  // namespace " + cpp_namespace(file->package()) + "\n";
}

}  // namespace mizzen::compiler
