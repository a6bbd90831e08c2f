#include "model.h"

#include <functional>
#include <set>

#include "codec/schema/options.pb.h"

namespace mizzen::compiler {

std::string value_type(const Descriptor* d) {
  if (d->file()->package() != "mizzen.values") return "";
  return d->name() == "Duration" ? "Span" : d->name();
}

std::string cpp_namespace(const std::string& package) {
  std::string out;
  for (char c : package) out += c == '.' ? "::" : std::string(1, c);
  return out;
}

std::string cpp_name(const Descriptor* d) {
  std::string name = d->name();
  for (const Descriptor* outer = d->containing_type(); outer; outer = outer->containing_type())
    name = outer->name() + "_" + name;
  return "::" + cpp_namespace(d->file()->package()) + "::" + name;
}

std::string base_path(const FileDescriptor* file) { return file->name().substr(0, file->name().rfind('.')); }

std::string member_name(const std::string& name) {
  static const std::set<std::string> keywords = {
      "namespace", "template", "operator", "default",  "continue",  "protected", "export", "private",
      "public",    "class",    "new",      "delete",   "enum",      "static",    "switch", "case",
      "signed",    "register", "not",      "and",      "or",        "xor",       "this",   "virtual",
      "union",     "typename", "using",    "volatile", "const",     "auto",      "int",    "long",
      "short",     "double",   "float",    "bool",     "char",      "void",      "if",     "else",
      "for",       "while",    "do",       "break",    "return",    "goto",      "try",    "catch",
      "throw",     "extern",   "inline",   "friend",   "explicit",  "mutable",   "sizeof", "struct",
      "true",      "false",    "requires", "concept",  "descriptor"};
  return keywords.count(name) ? name + "_" : name;
}

bool is_object(const Descriptor* d) { return d->options().GetExtension(schema::object); }
std::string form_of(const Descriptor* d) {
  const std::string form = d->options().GetExtension(schema::form);
  if (form == "list") return "List";
  if (form == "or_array") return "OrArray";
  if (form == "or_bool") return "OrBool";
  if (form == "or_string_array") return "OrStringArray";
  return "Object";
}

namespace {

struct Scalar {
  const char* type_enum;
  const char* cpp;
};

Scalar scalar_of(const FieldDescriptor* f) {
  switch (f->type()) {
    case FieldDescriptor::TYPE_BOOL:
      return {"Bool", "bool"};
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_ENUM:
      return {"Int32", "int32_t"};
    case FieldDescriptor::TYPE_INT64:
      return {"Int64", "int64_t"};
    case FieldDescriptor::TYPE_UINT32:
      return {"Uint32", "uint32_t"};
    case FieldDescriptor::TYPE_UINT64:
      return {"Uint64", "uint64_t"};
    case FieldDescriptor::TYPE_DOUBLE:
      return {"Double", "double"};
    case FieldDescriptor::TYPE_STRING:
      return {"String", "std::string"};
    case FieldDescriptor::TYPE_BYTES:
      return {"Bytes", "std::string"};
    default:
      return {nullptr, nullptr};
  }
}

void set_element(FieldModel& m, const FieldDescriptor* f) {
  if (f->type() == FieldDescriptor::TYPE_MESSAGE) {
    const std::string value = value_type(f->message_type());
    if (!value.empty()) {
      m.type_enum = value;
      m.element = value == "MicroTime" ? "codec::Time" : "codec::" + value;
    } else {
      m.type_enum = "Message";
      m.message = f->message_type();
      m.element = cpp_name(m.message);
    }
    return;
  }
  const Scalar s = scalar_of(f);
  if (!s.cpp) {
    m.element = "";  // reported by main
    return;
  }
  m.type_enum = s.type_enum;
  m.element = s.cpp;
}

}  // namespace

FieldModel model(const FieldDescriptor* f) {
  FieldModel m;
  m.field = f;
  m.member = member_name(f->name());
  m.json = f->has_json_name() ? f->json_name() : f->name();
  const auto& o = f->options();
  const bool proto3 = f->file()->syntax() == FileDescriptor::SYNTAX_PROTO3;
  m.inlined = o.GetExtension(schema::inlined);
  m.json_only = o.GetExtension(schema::json_only);
  const FieldDescriptor* value = f->is_map() ? f->message_type()->map_value() : f;
  set_element(m, value);
  if (f->is_map()) {
    m.shape = "Map";
    m.type = "codec::Map<" + m.element + ">";
    m.map_ops = "&codec::kMapOps<" + m.element + ">";
  } else if (f->is_repeated()) {
    m.shape = "List";
    const std::string in_list = m.element == "bool" ? "uint8_t" : m.element;
    m.type = "std::vector<" + in_list + ">";
    m.list_ops = "&codec::kListOps<" + in_list + ">";
  } else if (o.GetExtension(schema::pointer) || (proto3 && m.message) || f->has_optional_keyword() * proto3 ||
             (f->real_containing_oneof() && proto3)) {
    m.shape = "Optional";
    m.type = (m.message ? "codec::Box<" : "std::optional<") + m.element + ">";
  } else {
    m.shape = "Value";
    m.type = m.element;
    m.needs_complete = m.message != nullptr;
  }
  std::string flags;
  const auto flag = [&](bool on, const char* name) {
    if (on) flags += (flags.empty() ? "" : "|") + std::string("codec::") + name;
  };
  const std::string list = o.GetExtension(schema::list), patch = o.GetExtension(schema::patch);
  flag(m.inlined, "kInline");
  flag(o.GetExtension(schema::always), "kAlways");
  flag(o.GetExtension(schema::omitzero), "kOmitZero");
  flag(m.json_only, "kJsonOnly");
  flag(o.GetExtension(schema::required), "kRequired");
  flag(list == "atomic", "kListAtomic");
  flag(list == "set", "kListSet");
  flag(list == "map", "kListMap");
  flag(o.GetExtension(schema::struct_atomic), "kStructAtomic");
  flag(patch.find("merge") != std::string::npos, "kPatchMerge");
  flag(patch.find("replace") != std::string::npos, "kPatchReplace");
  flag(patch.find("retainKeys") != std::string::npos, "kPatchRetainKeys");
  flag(o.GetExtension(schema::empty_array), "kEmptyArray");
  flag(proto3, "kSkipZero");
  m.flags = flags.empty() ? "0u" : flags;
  m.keys = o.GetExtension(schema::keys);
  m.merge_key = o.GetExtension(schema::merge_key);
  m.fallback = o.GetExtension(schema::fallback);
  m.enums = o.GetExtension(schema::enums);
  m.go_type = o.GetExtension(schema::go);
  return m;
}

std::vector<FieldModel> fields_of(const Descriptor* d) {
  std::vector<FieldModel> out;
  for (int i = 0; i < d->field_count(); ++i) out.push_back(model(d->field(i)));
  return out;
}

std::vector<const Descriptor*> ordered_messages(const FileDescriptor* file) {
  std::vector<const Descriptor*> out;
  std::set<const Descriptor*> done;
  const std::function<void(const Descriptor*)> visit = [&](const Descriptor* d) {
    if (d->file() != file || d->options().map_entry() || !done.insert(d).second) return;
    for (const FieldModel& m : fields_of(d))
      if (m.needs_complete) visit(m.message);
    for (int i = 0; i < d->nested_type_count(); ++i) visit(d->nested_type(i));
    out.push_back(d);
  };
  for (int i = 0; i < file->message_type_count(); ++i) visit(file->message_type(i));
  return out;
}

}  // namespace mizzen::compiler
