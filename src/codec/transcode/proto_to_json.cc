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

void put_object(TextOut& out, const Message& m, const TranscodePlan& plan, std::string_view bytes);

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

void put_quoted(TextOut& out, std::string_view text) {
  out += '"';
  out += text;
  out += '"';
}

void put_time(TextOut& out, Type type, std::string_view bytes) {
  if (bytes.empty()) {
    out += "null";
    return;
  }
  Time t{0, 0};
  for (WireFields f(bytes); f.next();) {
    if (f.number() == 1) t.seconds = static_cast<int64_t>(f.integer());
    if (f.number() == 2) t.nanos = static_cast<int32_t>(f.integer());
  }
  put_quoted(out, type == Type::Time ? format_time(t) : format_micro_time(t));
}

/// The text in field 1 of a small message.
std::string_view text_in(std::string_view bytes) {
  std::string_view out;
  for (WireFields f(bytes); f.next();)
    if (f.number() == 1) out = f.value();
  return out;
}

void put_int_or_string(TextOut& out, std::string_view bytes) {
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

void put_span(TextOut& out, std::string_view bytes) {
  int64_t nanos = 0;
  for (WireFields f(bytes); f.next();)
    if (f.number() == 1) nanos = static_cast<int64_t>(f.integer());
  append_json_string(out, format_go_duration(nanos));
}

/// A message in the place of `f`'s value. `plan`: of the message that `f` stands in; null for maps' values.
void put_message(TextOut& out, const Field& f, const TranscodePlan& plan, size_t slot,
                 std::string_view bytes) {
  if (f.message->form == JsonForm::Object)
    return put_object(out, *f.message, plan.nested(slot, *f.message), bytes);
  // Rare: a schema, or something simpler in its place.
  void* const object = f.message->create();
  const auto decoded = decode_proto(bytes, *f.message, object);
  MZ_CHECK(decoded.ok(), "{}: {}", f.message->name, decoded.error().message());
  std::string text;
  encode_json(text, *f.message, object);
  out += text;
  f.message->destroy(object);
}

/// One value that is no text: `integer` of varints, `bytes` of all else; zero where the wire does not have
/// it.
void put_other(TextOut& out, const Field& f, const TranscodePlan& plan, size_t slot, uint64_t integer,
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
    case Type::Double: {
      std::string text;
      append_json_double(text, double_of(bytes));
      out += text;
      return;
    }
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

/// One value. Most are text, which is not worth a call in between.
inline void put_value(TextOut& out, const Field& f, const TranscodePlan& plan, size_t slot, uint64_t integer,
                      std::string_view bytes) {
  if (f.type == Type::String) return append_json_string(out, bytes);
  put_other(out, f, plan, slot, integer, bytes);
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

/// `bytes`: a key and a value, as the wire has entries of maps.
void put_entry(TextOut& out, const Field& f, const TranscodePlan& plan, size_t slot, std::string_view bytes) {
  std::string_view key, value;
  uint64_t integer = 0;
  for (WireFields half(bytes); half.next();) {
    if (half.number() == 1) key = half.value();
    if (half.number() == 2) {
      value = half.value();
      integer = half.integer();
    }
  }
  append_json_string(out, key);
  out += ':';
  put_value(out, f, plan, slot, integer, value);
}

/// One more value of a list or map.
void put_one(TextOut& out, const Field& f, const TranscodePlan& plan, size_t slot, const WireFields& one) {
  if (f.shape == Shape::List) {
    put_value(out, f, plan, slot, one.integer(), one.value());
  } else {
    put_entry(out, f, plan, slot, one.value());
  }
}

/// What a list or a map begins and ends with.
char opening(const Field& f) { return f.shape == Shape::List ? '[' : '{'; }
char closing(const Field& f) { return f.shape == Shape::List ? ']' : '}'; }

void put_many(TextOut& out, const Field& f, const TranscodePlan& plan, size_t slot, Run run) {
  char before = opening(f);
  for (WireFields one(run); one.next(); before = ',') {
    if (one.number() != f.number) continue;  // stands between two of them
    out += before;
    put_one(out, f, plan, slot, one);
  }
  out += closing(f);
}

void put_field(TextOut& out, const Field& f, const TranscodePlan& plan, size_t slot, const Found& found) {
  const std::string& key = plan.keys[slot];
  const Run run = found.run;
  if (f.shape == Shape::List || f.shape == Shape::Map) {
    out += key;
    if (run.empty()) {
      out += f.shape == Shape::List && f.has(kEmptyArray) ? "[]" : "null";
    } else {
      put_many(out, f, plan, slot, run);
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

/// Role: writes the fields of one object as the wire has them, in one go: almost all messages have their
/// fields in JSON's order there. Threading: confined to its caller.
class InOrder {
 public:
  InOrder(TextOut& out, const Message& m, const TranscodePlan& plan) : out_(out), m_(m), plan_(plan) {}

  /// False where the order is another one; what was written is worth nothing then.
  bool run(std::string_view bytes) {
    if (!fields(bytes, plan_)) return false;
    close();
    put_absent(m_.json.size());
    return true;
  }

 private:
  bool fields(std::string_view bytes, const TranscodePlan& plan) {
    for (WireFields f(bytes); f.next();) {
      const TranscodePlan::Step* const step = plan.find(f.number());
      if (!step || step->slot == TranscodePlan::kSkipped) continue;
      if (step->slot == TranscodePlan::kInlined) {
        if (!fields(f.value(), *step->inlined)) return false;
      } else if (!field(static_cast<size_t>(step->slot), f)) {
        return false;
      }
    }
    return true;
  }

  bool field(size_t slot, const WireFields& f) {
    const Field& field = m_.json[slot];
    if (slot < next_) {
      if (slot + 1 != next_ || !open_) return false;
      out_ += ',';
      put_one(out_, field, plan_, slot, f);
      return true;
    }
    close();
    put_absent(slot);
    next_ = slot + 1;
    if (field.shape == Shape::List || field.shape == Shape::Map) {
      out_ += plan_.keys[slot];
      out_ += opening(field);
      put_one(out_, field, plan_, slot, f);
      open_ = &field;
    } else if (field.shape == Shape::Optional || field.has(kAlways) ||
               !omitted(field, f.integer(), f.value())) {
      out_ += plan_.keys[slot];
      put_value(out_, field, plan_, slot, f.integer(), f.value());
    }
    return true;
  }
  void close() {
    if (open_) out_ += closing(*open_);
    open_ = nullptr;
  }
  /// The fields before `end` that JSON has although the wire does not.
  void put_absent(size_t end) {
    for (; next_ < end; ++next_) {
      const uint64_t left = plan_.always[next_ / 64] >> next_ % 64;
      if (left == 0) {
        next_ |= 63;
      } else {
        next_ += static_cast<size_t>(std::countr_zero(left));
        if (next_ < end) put_field(out_, m_.json[next_], plan_, next_, {});
      }
    }
  }

  TextOut& out_;
  const Message& m_;
  const TranscodePlan& plan_;
  size_t next_ = 0;              ///< the fields before it are written
  const Field* open_ = nullptr;  ///< the list or map that was written last, and may go on
};

void put_in_any_order(TextOut& out, const Message& m, const TranscodePlan& plan, std::string_view bytes) {
  FoundFields found;
  gather(bytes, plan, found);
  for (size_t word = 0; word * 64 < m.json.size(); ++word)
    for (uint64_t left = found.present[word] | plan.always[word]; left != 0; left &= left - 1) {
      const size_t slot = word * 64 + static_cast<size_t>(std::countr_zero(left));
      put_field(out, m.json[slot], plan, slot, found[slot]);
    }
}

void put_object(TextOut& out, const Message& m, const TranscodePlan& plan, std::string_view bytes) {
  const size_t begin = out.size();
  const bool try_order = plan.in_order.load(std::memory_order_relaxed);
  if (!try_order || !InOrder(out, m, plan).run(bytes)) {
    out.cut(begin);
    // A message that failed once is not tried again: tries within tries would double the work with each
    // level.
    plan.in_order.store(false, std::memory_order_relaxed);
    put_in_any_order(out, m, plan, bytes);
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
  TextOut text(out);
  put_object(text, m, transcode_plan(m), bytes);
}

}  // namespace mizzen::codec
