#include "codec/json/json_part.h"

#include "base/check.h"
#include "codec/tables/access.h"

namespace mizzen::codec {

void clear_part(const Message& m, void* object, const Part& part) {
  MZ_CHECK(m.form == JsonForm::Object, "{} has no fields in JSON", m.name);
  for (const PartField& p : part) {
    void* const at = member(object, *p.field);
    if (p.whole) {
      clear_field(*p.field, at);
    } else if (p.field->shape == Shape::Value) {
      clear_part(*p.field->message, at, p.within);
    } else if (box_get(at)) {
      clear_part(*p.field->message, box_ensure(*p.field->message, at), p.within);
    }
  }
}

}  // namespace mizzen::codec
