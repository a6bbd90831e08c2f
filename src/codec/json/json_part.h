#pragma once
#include <string>
#include <vector>

#include "codec/json/json_codec.h"

/// Work on some fields of an object as JSON, without a look at the others. Threading: pure.
namespace mizzen::codec {

struct PartField;
/// Fields of one message, each once.
using Part = std::vector<PartField>;

/// A field that belongs to a part: all of it, or of its message the fields in `within`. Only fields that are
/// one message (Shape::Value or Optional, JsonForm::Object) have a `within`.
struct PartField {
  const Field* field;
  Part within;
  bool whole = true;
};

/// Appends the JSON of the fields of `part`, as encode_json() would write them, in the order of `part`.
void encode_json_part(std::string& out, const Message& m, const void* object, const Part& part,
                      const TypeMeta* type = nullptr);

/// Empties the fields of `part`, so that decode_json() may fill them again. A message that has a `within`
/// stays where it is: only for changes that do not take it away.
void clear_part(const Message& m, void* object, const Part& part);

}  // namespace mizzen::codec
