// protoc-gen-mizzen: writes, for each .proto, a header of plain structs and a source of static field tables.
// With the parameter kinds=PATH it also writes a table of all messages marked as objects.
#include <google/protobuf/compiler/code_generator.h>
#include <google/protobuf/compiler/plugin.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <cstring>
#include <memory>

#include "model.h"

namespace {

using google::protobuf::FileDescriptor;

class Generator : public google::protobuf::compiler::CodeGenerator {
 public:
  uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }
  bool Generate(const FileDescriptor*, const std::string&, google::protobuf::compiler::GeneratorContext*,
                std::string*) const override {
    return true;
  }
  bool GenerateAll(const std::vector<const FileDescriptor*>& files, const std::string& parameter,
                   google::protobuf::compiler::GeneratorContext* context, std::string* error) const override {
    for (const FileDescriptor* file : files) {
      for (const auto* d : mizzen::compiler::ordered_messages(file))
        for (const auto& m : mizzen::compiler::fields_of(d))
          if (m.element.empty()) {
            *error =
                file->name() + ": " + m.field->full_name() + " has a type the schema compiler does not know";
            return false;
          }
      const std::string base = mizzen::compiler::base_path(file);
      put(context, base + ".h", mizzen::compiler::write_header(file));
      put(context, base + ".cc", mizzen::compiler::write_source(file));
    }
    if (parameter.rfind("kinds=", 0) == 0)
      put(context, parameter.substr(6), mizzen::compiler::write_kinds(files));
    return true;
  }

 private:
  static void put(google::protobuf::compiler::GeneratorContext* context, const std::string& name,
                  const std::string& text) {
    std::unique_ptr<google::protobuf::io::ZeroCopyOutputStream> stream(context->Open(name));
    size_t done = 0;
    void* data;
    int size;
    while (done < text.size() && stream->Next(&data, &size)) {
      const size_t n = std::min(text.size() - done, static_cast<size_t>(size));
      std::memcpy(data, text.data() + done, n);
      done += n;
      if (n < static_cast<size_t>(size)) stream->BackUp(size - static_cast<int>(n));
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  Generator generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
