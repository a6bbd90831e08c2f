#include "codec/transcode/proto_to_json.h"

#include <bit>
#include <cstring>

#include "base/strings.h"
#include "codec/json/json_codec.h"
#include "codec/json/json_text.h"
#include "codec/proto/proto_codec.h"
#include "codec/proto/wire_fields.h"
#include "codec/transcode/plan.h"

namespace mizzen::codec {
namespace {

void put_object(std::string& out, const Message& m, const TranscodePlan& plan, std::string_view bytes);

/// Where the occurrences of one field stand: all of them, with their tags. Null where there are none.
using Run = std::string_view;

/// What the wire has of one JSON field.
struct Found {
  Run run;
  uint64_t integer = 0;    ///< of the last occurrence
  std::string_view value;  ///< likewise
};

/// By JSON field; `present` says which have been written.
class FoundFields {
 public:
  void add(size_t slot, const char* begin, const char* end, const WireFields& f) {
    uint64_t& word = present[slot / 64];
    const uint64_t bit = uint64_t{1} << slot % 64;
    Place& place = places_[slot];
    if (!(word & bit)) place.begin = begin;
    word |= bit;
    place.end = end;
    place.integer = f.integer();
    place.value = f.value().data();
    place.size = f.value().size();
  }
  Found operator[](size_t slot) const {
    if (!(present[slot / 64] >> slot % 64 & 1)) return {};
    const Place& place = places_[slot];
    return {{place.begin, static_cast<size_t>(place.end - place.begin)},
            place.integer,
            {place.value, place.size}};
  }
  TranscodePlan::Slots present{};

 private:
  struct Place {
    Place() {}  // NOLINT: left as it is until add()
    const char* begin;
    const char* end;
    const char* value;
    size_t size;
    uint64_t integer;
  };
  Place places_[TranscodePlan::kSlotsMax];
};

void gather(std::string_view bytes, const TranscodePlan& plan, FoundFields& found) {
  for (WireFields f(bytes); f.next();) {
    const TranscodePlan::Step* step = plan.find(f.number());
    if (!step || step->slot == TranscodePlan::kSkipped) continue;
    if (step->slot == TranscodePlan::kInlined) {
      gather(f.value(), *step->inlined, found);
    } else {
      found.add(static_cast<size_t>(step->slot), bytes.data() + f.begin(), bytes.data() + f.end(), f);
    }
  }
}

double double_of(std::string_view raw) {
  double out = 0;
  if (raw.size() == sizeof out) std::memcpy(&out, raw.data(), sizeof out);
  return out;
}

void put_quoted(std::string& out, std::string_view text) {
  out += '"';
  out += text;
  out += '"';
}

void put_time(std::string& out, Type type, std::string_view bytes) {
  if (bytes.empty()) {
    out += "null";
    return;
  }
  Time t{0, 0};
  for (WireFields f(bytes); f.next();) {
    if (f.number() == 1) t.seconds = static_cast<int64_t>(f.integer());
    if (f.number() == 2) t.nanos = static_cast<int32_t>(f.integer());
  }
  out += '"';
  type == Type::Time ? append_time(out, t) : append_micro_time(out, t);
  out += '"';
}

/// The text in field 1 of a small message.
std::string_view text_in(std::string_view bytes) {
  std::string_view out;
  for (WireFields f(bytes); f.next();)
    if (f.number() == 1) out = f.value();
  return out;
}

void put_int_or_string(std::string& out, std::string_view bytes) {
  bool is_string = false;
  int32_t number = 0;
  std::string_view text;
  for (WireFields f(bytes); f.next();) {
    if (f.number() == 1) is_string = f.integer() != 0;
    if (f.number() == 2) number = static_cast<int32_t>(f.integer());
    if (f.number() == 3) text = f.value();
  }
  if (is_string) {
    append_json_string(out, text);
  } else {
    append_json_int(out, number);
  }
}

void put_span(std::string& out, std::string_view bytes) {
  int64_t nanos = 0;
  for (WireFields f(bytes); f.next();)
    if (f.number() == 1) nanos = static_cast<int64_t>(f.integer());
  append_json_string(out, format_go_duration(nanos));
}

/// A message in the place of `f`'s value. `plan`: of the message that `f` stands in; null for maps' values.
void put_message(std::string& out, const Field& f, const TranscodePlan& plan, size_t slot,
                 std::string_view bytes) {
  if (f.message->form == JsonForm::Object)
    return put_object(out, *f.message, plan.nested(slot, *f.message), bytes);
  // Rare: a schema, or something simpler in its place.
  void* const object = f.message->create();
  const auto decoded = decode_proto(bytes, *f.message, object);
  MZ_CHECK(decoded.ok(), "{}: {}", f.message->name, decoded.error().message());
  encode_json(out, *f.message, object);
  f.message->destroy(object);
}

/// One value: `integer` of varints, `bytes` of all else; zero where the wire does not have it.
void put_value(std::string& out, const Field& f, const TranscodePlan& plan, size_t slot, uint64_t integer,
               std::string_view bytes) {
  switch (f.type) {
    case Type::Bool:
      out += integer ? "true" : "false";
      return;
    case Type::Int32:
      return append_json_int(out, static_cast<int32_t>(integer));
    case Type::Int64:
      return append_json_int(out, static_cast<int64_t>(integer));
    case Type::Uint32:
      return append_json_int(out, static_cast<uint32_t>(integer));
    case Type::Uint64:
      out += std::to_string(integer);
      return;
    case Type::Double:
      return append_json_double(out, double_of(bytes));
    case Type::String:
      return append_json_string(out, bytes);
    case Type::Bytes:
      return put_quoted(out, base64_encode(bytes));
    case Type::Message:
      return put_message(out, f, plan, slot, bytes);
    case Type::Time:
    case Type::MicroTime:
      return put_time(out, f.type, bytes);
    case Type::Span:
      return put_span(out, bytes);
    case Type::Quantity: {
      const std::string_view text = text_in(bytes);
      return put_quoted(out, text.empty() ? "0" : text);
    }
    case Type::IntOrString:
      return put_int_or_string(out, bytes);
    case Type::RawJson: {
      const std::string_view text = text_in(bytes);
      out += text.empty() ? "null" : text;
      return;
    }
  }
}

/// True where omitempty leaves a plain value out.
bool omitted(const Field& f, uint64_t integer, std::string_view bytes) {
  switch (f.type) {
    case Type::Bool:
    case Type::Int32:
    case Type::Int64:
    case Type::Uint32:
    case Type::Uint64:
      return integer == 0;
    case Type::Double:
      return double_of(bytes) == 0;
    case Type::String:
    case Type::Bytes:
      return bytes.empty();
    case Type::Time:
    case Type::MicroTime:
      return f.has(kOmitZero) && bytes.empty();
    case Type::RawJson:
      return f.has(kOmitZero) && text_in(bytes).empty();
    case Type::Message:
      MZ_CHECK(!f.has(kOmitZero), "{}: a message that is left out when zero", f.json);
      return false;
    default:
      return false;
  }
}

void put_list(std::string& out, const Field& f, const TranscodePlan& plan, size_t slot, Run run) {
  out += '[';
  bool first = true;
  for (WireFields one(run); one.next(); first = false) {
    if (!first) out += ',';
    put_value(out, f, plan, slot, one.integer(), one.value());
  }
  out += ']';
}

void put_map(std::string& out, const Field& f, const TranscodePlan& plan, size_t slot, Run run) {
  char before = '{';
  for (WireFields one(run); one.next(); before = ',') {
    std::string_view key, value;
    uint64_t integer = 0;
    for (WireFields half(one.value()); half.next();) {
      if (half.number() == 1) key = half.value();
      if (half.number() == 2) {
        value = half.value();
        integer = half.integer();
      }
    }
    out += before;
    append_json_string(out, key);
    out += ':';
    put_value(out, f, plan, slot, integer, value);
  }
  out += '}';
}

void put_field(std::string& out, const Field& f, const TranscodePlan& plan, size_t slot, const Found& found) {
  const std::string& key = plan.keys[slot];
  const Run run = found.run;
  if (f.shape == Shape::List || f.shape == Shape::Map) {
    out += key;
    if (run.empty()) {
      out += f.shape == Shape::List && f.has(kEmptyArray) ? "[]" : "null";
    } else if (f.shape == Shape::List) {
      put_list(out, f, plan, slot, run);
    } else {
      put_map(out, f, plan, slot, run);
    }
    return;
  }
  if (f.shape == Shape::Optional && !run.data()) {
    out += key;
    out += "null";
    return;
  }
  if (f.shape == Shape::Value && !f.has(kAlways) && omitted(f, found.integer, found.value)) return;
  out += key;
  put_value(out, f, plan, slot, found.integer, found.value);
}

void put_object(std::string& out, const Message& m, const TranscodePlan& plan, std::string_view bytes) {
  FoundFields found;
  gather(bytes, plan, found);
  const size_t begin = out.size();
  for (size_t word = 0; word * 64 < m.json.size(); ++word)
    for (uint64_t left = found.present[word] | plan.always[word]; left != 0; left &= left - 1) {
      const size_t slot = word * 64 + static_cast<size_t>(std::countr_zero(left));
      put_field(out, m.json[slot], plan, slot, found[slot]);
    }
  if (out.size() == begin) {
    out += "{}";
    return;
  }
  out[begin] = '{';  // in place of the first comma
  out += '}';
}

}  // namespace

void proto_to_json(std::string& out, const Message& m, std::string_view bytes) {
  put_object(out, m, transcode_plan(m), bytes);
}

}  // namespace mizzen::codec
