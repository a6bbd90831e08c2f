#include <algorithm>

#include "codec/schema/options.pb.h"
#include "model.h"

namespace mizzen::compiler {
namespace {

std::string local_name(const Descriptor* d) {
  const std::string full = cpp_name(d);
  return full.substr(full.rfind(':') + 1);
}

std::string literal(const std::string& s) {
  std::string out = "\"";
  for (char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

uint32_t slot_hash(const std::string& name, uint32_t seed) {
  uint32_t h = seed ^ 2166136261u;
  for (char c : name) h = (h ^ static_cast<uint8_t>(c)) * 16777619u;
  return h ^ (h >> 15);
}

/// Table entries of the JSON form: inline messages are replaced by their fields, with offsets added up.
struct Entry {
  FieldModel model;
  std::string offset;
};

void flatten(const Descriptor* d, const std::string& offset, std::vector<Entry>& out,
             const std::string& embedded = "") {
  for (const FieldModel& m : fields_of(d)) {
    const std::string at =
        offset + (offset.empty() ? "" : "+") + "offsetof(" + cpp_name(d) + ", " + m.member + ")";
    if (m.inlined && m.message) {
      flatten(m.message, at, out, embedded + (m.go_type.empty() ? m.message->name() : m.go_type) + ".");
    } else {
      out.push_back({m, at});
      out.back().model.embedded = embedded;
    }
  }
}

std::string row(const Entry& e) {
  const FieldModel& m = e.model;
  // Field tables hold the address of a message's table by name; it may be defined in another file.
  std::string message = "nullptr";
  if (m.message) message = "&" + cpp_name(m.message) + "_descriptor_table";
  return "    {" + literal(m.inlined ? m.member : m.json) + ", " +
         std::to_string(m.json_only ? 0 : m.field->number()) + ", static_cast<uint32_t>(" + e.offset +
         "), codec::Type::" + m.type_enum + ", codec::Shape::" + m.shape + ", " + m.flags + ", " + message +
         ", " + (m.list_ops.empty() ? "nullptr" : m.list_ops) + ", " +
         (m.map_ops.empty() ? "nullptr" : m.map_ops) + ", " + literal(m.keys) + ", " + literal(m.merge_key) +
         ", " + literal(m.fallback) + ", " + literal(m.enums) + ", " + literal(m.go_type) + ", " +
         literal(m.embedded) + "},\n";
}

void write_message(std::string& out, const Descriptor* d) {
  const std::string name = local_name(d);
  std::vector<Entry> wire, json;
  for (const FieldModel& m : fields_of(d))
    if (!m.json_only) wire.push_back({m, "offsetof(" + name + ", " + m.member + ")"});
  std::sort(wire.begin(), wire.end(),
            [](const Entry& a, const Entry& b) { return a.model.field->number() < b.model.field->number(); });
  const std::string form = form_of(d);
  if (form == "Object") flatten(d, "", json);

  const auto table = [&](const char* what, const std::vector<Entry>& entries) {
    if (entries.empty()) return;
    out += "constexpr codec::Field k" + name + what + "[] = {\n";
    for (const Entry& e : entries) out += row(e);
    out += "};\n";
  };
  out += "\nnamespace {\n";
  table("Wire", wire);
  table("Json", json);
  size_t size = 0;
  if (!json.empty()) {
    for (size = 2; size < json.size() * 2; size *= 2) {
    }
    std::vector<int> slots(size, 0);
    for (size_t i = 0; i < json.size(); ++i) {
      size_t at = slot_hash(json[i].model.json, 0) & (size - 1);
      while (slots[at]) at = (at + 1) & (size - 1);
      slots[at] = static_cast<int>(i) + 1;
    }
    out += "constexpr uint16_t k" + name + "Slots[] = {";
    for (size_t i = 0; i < size; ++i) out += (i ? "," : "") + std::to_string(slots[i]);
    out += "};\n";
  }
  out += "}  // namespace\n";

  std::string package = d->file()->package();
  if (package.starts_with("mizzen.")) package = package.substr(7);
  std::string metadata = "-1";
  for (const Entry& e : json)
    if (e.model.json == "metadata" && e.model.message && e.model.message->name() == "ObjectMeta" &&
        e.model.shape == "Value")
      metadata = "static_cast<int32_t>(" + e.offset + ")";
  const auto span = [&](const char* what, const char* type, bool any) {
    return any ? "k" + name + what : std::string("std::span<const ") + type + ">()";
  };
  out += "constinit const codec::Message " + name + "_descriptor_table = {\n    " + literal(name) + ", " +
         literal(package) + ", " + span("Wire", "codec::Field", !wire.empty()) + ", " +
         span("Json", "codec::Field", !json.empty()) + ", " + span("Slots", "uint16_t", size > 0) +
         ", 0, sizeof(" + name + "), codec::JsonForm::" + form + ", " + metadata +
         ",\n    []() -> void* { return new " + name + "(); },\n    [](void* p) { delete static_cast<" +
         name + "*>(p); },\n    [](void* to, const void* from) { *static_cast<" + name +
         "*>(to) = *static_cast<const " + name + "*>(from); },\n    [](void* p) { *static_cast<" + name +
         "*>(p) = " + name + "(); },\n};\n";
  out += name + "::" + name + "() = default;\n" + name + "::" + name + "(const " + name + "&) = default;\n" +
         name + "::" + name + "(" + name + "&&) noexcept = default;\n" + name + "& " + name +
         "::operator=(const " + name + "&) = default;\n" + name + "& " + name + "::operator=(" + name +
         "&&) noexcept = default;\n" + name + "::~" + name + "() = default;\nconst codec::Message& " + name +
         "::descriptor() { return " + name + "_descriptor_table; }\n";
}

}  // namespace

std::string write_source(const FileDescriptor* file) {
  std::string out = "// Generated from " + file->name() + "; do not edit.\n#include \"" + base_path(file) +
                    ".h\"\n\n#include <cstddef>\n\n";
  // offsetof on structs with strings is conditionally supported: both compilers do it.
  out += "#pragma GCC diagnostic ignored \"-Winvalid-offsetof\"\n\n";
  const auto messages = ordered_messages(file);
  // Tables of other files that these tables point to.
  std::vector<const Descriptor*> others;
  const auto need = [&](const Descriptor* d) {
    if (d && std::find(others.begin(), others.end(), d) == others.end()) others.push_back(d);
  };
  for (const Descriptor* d : messages) {
    std::vector<Entry> flat;
    flatten(d, "", flat);
    for (const FieldModel& m : fields_of(d)) need(m.message);
    for (const Entry& e : flat) need(e.model.message);
  }
  for (const Descriptor* d : others)
    out += "namespace " + cpp_namespace(d->file()->package()) + " { extern const ::mizzen::codec::Message " +
           local_name(d) + "_descriptor_table; }\n";
  out += "\nnamespace " + cpp_namespace(file->package()) + " {\n";
  for (const Descriptor* d : messages)
    out += "extern const codec::Message " + local_name(d) + "_descriptor_table;\n";
  for (const Descriptor* d : messages) write_message(out, d);
  return out + "\n}  // namespace " + cpp_namespace(file->package()) + "\n";
}

std::string write_kinds(const std::vector<const FileDescriptor*>& files) {
  std::string declarations, rows;
  for (const FileDescriptor* file : files)
    for (const Descriptor* d : ordered_messages(file)) {
      if (!is_object(d)) continue;
      declarations += "namespace " + cpp_namespace(file->package()) +
                      " { extern const ::mizzen::codec::Message " + local_name(d) + "_descriptor_table; }\n";
      rows += "    {" + literal(file->options().GetExtension(schema::api_group)) + ", " +
              literal(file->options().GetExtension(schema::api_version)) + ", " + literal(d->name()) +
              ", &::" + cpp_namespace(file->package()) + "::" + local_name(d) + "_descriptor_table},\n";
    }
  return "// Generated; do not edit.\n#include \"api/registry/kinds.h\"\n\nnamespace mizzen::codec { struct "
         "Message; }\n" +
         declarations + "\nnamespace mizzen::api {\nnamespace {\nconstexpr SchemaKind kKinds[] = {\n" + rows +
         "};\n}  // namespace\nstd::span<const SchemaKind> schema_kinds() { return kKinds; }\n}  // "
         "namespace mizzen::api\n";
}

}  // namespace mizzen::compiler
