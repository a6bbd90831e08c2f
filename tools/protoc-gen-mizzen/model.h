#pragma once
#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

/// What the compiler knows of a field beyond its descriptor: C++ type, table entries.
namespace mizzen::compiler {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

struct FieldModel {
  const FieldDescriptor* field;
  std::string member;     // C++ member
  std::string json;       // name in JSON
  std::string element;    // C++ type of one value
  std::string type;       // C++ type of the member
  std::string type_enum;  // codec::Type
  std::string shape;      // codec::Shape
  std::string flags;      // or-ed codec::Flag
  std::string list_ops, map_ops;
  const Descriptor* message = nullptr;  // of Type::Message
  bool inlined = false, json_only = false, needs_complete = false;
  std::string keys, merge_key, fallback, enums;
  std::string go_type;  // of the whole field in upstream's Go; empty where it follows from the type
  std::string
      embedded;  // of messages that are inlined: the Go names on the way to the field, each with a dot
};

/// codec::Type of a value message (Time, Quantity ...), empty for others.
std::string value_type(const Descriptor* d);
/// mizzen::api::core::v1
std::string cpp_namespace(const std::string& package);
/// ::mizzen::api::core::v1::Pod
std::string cpp_name(const Descriptor* d);
/// Path of the header without extension.
std::string base_path(const FileDescriptor* file);
std::string member_name(const std::string& name);
FieldModel model(const FieldDescriptor* field);
std::vector<FieldModel> fields_of(const Descriptor* d);
/// Messages of a file, each after those it holds by value. Map entries are left out.
std::vector<const Descriptor*> ordered_messages(const FileDescriptor* file);
bool is_object(const Descriptor* d);
std::string form_of(const Descriptor* d);

std::string write_header(const FileDescriptor* file);
std::string write_source(const FileDescriptor* file);
std::string write_kinds(const std::vector<const FileDescriptor*>& files);

}  // namespace mizzen::compiler
