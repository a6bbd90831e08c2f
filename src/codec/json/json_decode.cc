#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <charconv>
#include <optional>

#include "base/strings.h"
#include "codec/json/json_codec.h"
#include "codec/json/json_scalars.h"
#include "codec/tables/access.h"
#include "codec/tables/go_types.h"

namespace mizzen::codec {
namespace {

constexpr size_t kFieldsMax = 512;  // of one message; the largest has under a hundred

/// Role: fills a struct from JSON in one pass, as Go's decoder does: a value of the wrong kind is remembered
/// and passed over, one that its type refuses ends the work. Texts of problems are made only where there are
/// problems. Threading: confined to its caller.
class Decoder {
 public:
  Decoder(std::string_view text, DecodeReport* report)
      : text_(text),
        reader_(text),
        report_(report),
        budget_(std::max(kDecodedBytesMin, text.size() * kDecodedPerByte)) {}

  Result<void> run(const Message& m, void* object, TypeMeta* type) {
    if (reader_.peek() == JsonKind::Null) {
      if (reader_.read_null() && reader_.expect_end()) return {};
    } else if (reader_.peek() != JsonKind::Object) {
      mismatch(kind_name(reader_.peek()), go_type(m));
      if (reader_.skip()) reader_.expect_end();
    } else if (object_body(m, object, type)) {
      reader_.expect_end();
    }
    if (broke_) return broken();
    if (!reader_.ok()) return Error(Code::BadRequest, reader_.error());
    if (!first_mismatch_.empty()) return Error(Code::BadRequest, first_mismatch_);
    return {};
  }

 private:
  /// One step of the way to where the decoder is.
  struct Step {
    std::string_view key;  ///< of a field or a map; empty for an element of a list
    const Field* field;    ///< null for keys of maps and for elements
    size_t index = 0;
    bool element = false;
  };

  /// The error of a value that its type refused, unless the text is no JSON at all: that comes first.
  Error broken() const {
    JsonReader whole(text_);
    if (broke_->code() == Code::BadRequest && (!whole.skip() || !whole.expect_end()))
      return Error(Code::BadRequest, whole.error());
    return *broke_;
  }

  bool refuse(Error error) {
    broke_ = std::move(error);
    return false;
  }
  bool refuse(std::string message) { return refuse(Error(Code::BadRequest, std::move(message))); }

  /// Takes what a value costs in memory from the document's budget.
  bool charge(size_t bytes) {
    if (bytes <= budget_) {
      budget_ -= bytes;
      return true;
    }
    return refuse(Error(Code::RequestEntityTooLarge,
                        fmt::format("Request entity too large: decoded it takes more than {} bytes",
                                    std::max(kDecodedBytesMin, text_.size() * kDecodedPerByte))));
  }

  /// The way as strict errors print it: spec.containers[0].image.
  std::string strict_path(std::string_view key) const {
    std::string out;
    for (const Step& s : steps_) {
      if (s.element) {
        out += fmt::format("[{}]", s.index);
      } else {
        if (!out.empty()) out += '.';
        out += s.key;
      }
    }
    if (!out.empty()) out += '.';
    return out.append(key);
  }

  /// The way as mismatches print it: fields alone, inlined structs by their Go names.
  std::string field_path() const {
    std::string out;
    for (const Step& s : steps_) {
      if (!s.field) continue;
      if (!out.empty()) out += '.';
      out += s.field->embedded;
      out += s.key;
    }
    return out;
  }

  void problem(std::string_view what, std::string_view key) {
    if (!report_) return;
    if (report_->full()) {
      ++report_->total;
    } else {
      report_->add(fmt::format("{} field {}", what, quote(strict_path(key))));
    }
  }

  std::string mismatch_text(std::string_view got, std::string_view wanted) const {
    if (!owner_) return fmt::format("json: cannot unmarshal {} into Go value of type {}", got, wanted);
    return fmt::format("json: cannot unmarshal {} into Go struct field {}.{} of type {}", got, owner_->name,
                       field_path(), wanted);
  }

  /// Go goes on after a value of the wrong kind, and tells of the first one in the end.
  bool mismatch(std::string_view got, std::string_view wanted) {
    if (first_mismatch_.empty()) first_mismatch_ = mismatch_text(got, wanted);
    return true;
  }

  static std::string_view kind_name(JsonKind k) {
    switch (k) {
      case JsonKind::Object:
        return "object";
      case JsonKind::Array:
        return "array";
      case JsonKind::String:
        return "string";
      case JsonKind::Number:
        return "number";
      case JsonKind::Bool:
        return "bool";
      default:
        return "null";
    }
  }

  /// Passes over what stands there, which is not what `wanted` takes.
  bool wrong_kind(std::string_view wanted) {
    const JsonKind kind = reader_.peek();
    if (!reader_.skip()) return false;
    return mismatch(kind_name(kind), wanted);
  }
  /// As wrong_kind, for types that read themselves: the work ends there.
  bool wrong_for_good(std::string_view wanted) {
    const JsonKind kind = reader_.peek();
    if (!reader_.skip()) return false;
    return refuse(mismatch_text(kind_name(kind), wanted));
  }

  template <typename T>
  bool integer(const Field& f, T& out) {
    if (reader_.peek() != JsonKind::Number) return wrong_kind(go_element_type(f));
    std::string_view text;
    if (!reader_.read_number(text)) return false;
    T number{};
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (ec != std::errc() || end != text.data() + text.size())
      return mismatch(fmt::format("number {}", text), go_element_type(f));
    out = number;
    return true;
  }

  bool boolean(const Field& f, void* p) {
    if (reader_.peek() != JsonKind::Bool) return wrong_kind(go_element_type(f));
    bool b = false;
    if (!reader_.read_bool(b)) return false;
    if (f.shape == Shape::List) {
      as<uint8_t>(p) = b;
    } else {
      as<bool>(p) = b;
    }
    return true;
  }

  bool floating(const Field& f, double& out) {
    if (reader_.peek() != JsonKind::Number) return wrong_kind(go_element_type(f));
    std::string_view text;
    if (!reader_.read_number(text)) return false;
    double number = 0;
    const auto r = std::from_chars(text.data(), text.data() + text.size(), number);
    if (r.ec != std::errc()) return mismatch(fmt::format("number {}", text), go_element_type(f));
    out = number;
    return true;
  }

  /// Base64, or a list of numbers: Go takes both.
  bool bytes(const Field& f, std::string& out) {
    if (reader_.peek() == JsonKind::Array) {
      out.clear();
      if (!reader_.enter_array()) return false;
      while (reader_.next_element()) {
        uint8_t byte = 0;
        std::string_view text;
        if (reader_.peek() != JsonKind::Number) {
          if (!wrong_kind("uint8")) return false;
        } else if (!reader_.read_number(text)) {
          return false;
        } else if (const auto n = parse_int<uint8_t>(text)) {
          byte = *n;
        } else {
          mismatch(fmt::format("number {}", text), "uint8");
        }
        out += static_cast<char>(byte);
      }
      return reader_.ok();
    }
    if (reader_.peek() != JsonKind::String) return wrong_kind(go_element_type(f));
    std::string text;
    if (!reader_.read_string(text)) return false;
    auto decoded = base64_decode(text);
    if (decoded) {
      out = std::move(*decoded);
    } else if (first_mismatch_.empty()) {
      first_mismatch_ = fmt::format("illegal base64 data at input byte {}", base64_error(text));
    }
    return true;
  }

  bool time(const Field& f, Time& out) {
    if (reader_.peek() != JsonKind::String) return wrong_for_good("string");
    std::string text;
    if (!reader_.read_string(text)) return false;
    auto t = parse_time(text, f.type == Type::MicroTime);
    if (!t.ok()) return refuse(t.error().message());
    t->nanos = f.type == Type::Time ? 0 : t->nanos / 1000 * 1000;
    out = *t;
    return true;
  }

  bool span(Span& out) {
    if (reader_.peek() != JsonKind::String) return wrong_for_good("string");
    std::string text;
    if (!reader_.read_string(text)) return false;
    const auto d = parse_go_duration(text);
    if (!d.ok()) return refuse(d.error().message());
    out.nanos = *d;
    return true;
  }

  /// Whatever stands there is taken for the text of a quantity.
  bool quantity(Quantity& out) {
    const size_t from = (reader_.peek(), reader_.offset());
    if (!reader_.skip()) return false;
    std::string_view raw = text_.substr(from, reader_.offset() - from);
    if (raw.size() >= 2 && raw.front() == '"') raw = raw.substr(1, raw.size() - 2);
    auto q = Quantity::parse(trim(raw));
    if (!q.ok()) return refuse(q.error().message());
    out = std::move(*q);
    return true;
  }

  bool int_or_string(IntOrString& v) {
    v.is_string = reader_.peek() == JsonKind::String;
    if (v.is_string) return reader_.read_string(v.text);
    if (reader_.peek() != JsonKind::Number) return wrong_for_good("int32");
    std::string_view text;
    if (!reader_.read_number(text)) return false;
    const auto n = parse_int<int32_t>(text);
    if (!n) return refuse(mismatch_text(fmt::format("number {}", text), "int32"));
    v.number = *n;
    return true;
  }

  bool value(const Field& f, void* p) {
    switch (f.type) {
      case Type::Bool:
        return boolean(f, p);
      case Type::Int32:
        return integer(f, as<int32_t>(p));
      case Type::Int64:
        return integer(f, as<int64_t>(p));
      case Type::Uint32:
        return integer(f, as<uint32_t>(p));
      case Type::Uint64:
        return integer(f, as<uint64_t>(p));
      case Type::Double:
        return floating(f, as<double>(p));
      case Type::String:
        if (reader_.peek() != JsonKind::String) return wrong_kind(go_element_type(f));
        return reader_.read_string(as<std::string>(p));
      case Type::Bytes:
        return bytes(f, as<std::string>(p));
      case Type::Message:
        return message(f, p);
      case Type::Time:
      case Type::MicroTime:
        return time(f, as<Time>(p));
      case Type::Span:
        return span(as<Span>(p));
      case Type::Quantity:
        return quantity(as<Quantity>(p));
      case Type::IntOrString:
        return int_or_string(as<IntOrString>(p));
      case Type::RawJson:
        return reader_.copy_compact(as<RawJson>(p).text);
    }
    return false;
  }

  bool field(const Field& f, void* p) {
    if (reader_.peek() == JsonKind::Null && !(f.type == Type::RawJson && f.shape == Shape::Value)) {
      // A null empties what can be empty, and leaves the rest as it is.
      if (f.shape != Shape::Value) clear_field(f, p);
      return reader_.read_null();
    }
    switch (f.shape) {
      case Shape::Value:
        return value(f, p);
      case Shape::Optional:
        if (f.type == Type::Message && !charge(f.message->size)) return false;
        return value(f, optional_ensure(f, p));
      case Shape::List:
        return list(f, p);
      case Shape::Map:
        return map(f, p);
    }
    return false;
  }

  /// An element of a list or map: null leaves it empty.
  bool element(const Field& f, void* p) {
    if (reader_.peek() == JsonKind::Null && f.type != Type::RawJson) return reader_.read_null();
    return value(f, p);
  }

  bool list(const Field& f, void* p) {
    if (reader_.peek() != JsonKind::Array) return wrong_kind(go_type(f));
    f.list->clear(p);
    if (!reader_.enter_array()) return false;
    for (size_t i = 0; reader_.next_element(); ++i) {
      if (!charge(f.list->element_bytes)) return false;
      steps_.push_back({{}, nullptr, i, true});
      if (!element(f, f.list->add(p))) return false;
      steps_.pop_back();
    }
    return reader_.ok();
  }

  bool map(const Field& f, void* p) {
    if (reader_.peek() != JsonKind::Object) return wrong_kind(go_type(f));
    if (!reader_.enter_object()) return false;
    const size_t before = f.map->size(p);
    std::string key;
    while (reader_.next_key(key)) {
      if (!charge(f.map->entry_bytes + key.size())) return false;
      void* const v = f.map->append(p, key);
      steps_.push_back({key, nullptr, 0, false});
      if (!element(f, v)) return false;
      steps_.pop_back();
    }
    if (!reader_.ok()) return false;
    if (before > 0) {
      // The field given twice adds to the map; its keys are no duplicates of each other. Settled once, at the
      // end.
      late_maps_.push_back({&f, p});
      return true;
    }
    std::vector<std::string> twice;
    f.map->settle(p, report_ ? &twice : nullptr);
    for (const std::string& k : twice) problem("duplicate", k);
    return true;
  }

  /// Settles the maps that were added to since there were `from` of them.
  void settle_late(size_t from) {
    if (late_maps_.size() == from) return;
    const auto first = late_maps_.begin() + static_cast<ptrdiff_t>(from);
    std::sort(first, late_maps_.end());
    late_maps_.erase(std::unique(first, late_maps_.end()), late_maps_.end());
    for (size_t i = from; i < late_maps_.size(); ++i)
      late_maps_[i].first->map->settle(late_maps_[i].second, nullptr);
    late_maps_.resize(from);
  }

  /// Messages whose JSON is no object of their fields.
  bool special(const Message& m, void* object) {
    const Field& one = m.wire[0];
    if (m.form == JsonForm::List)
      return reader_.peek() == JsonKind::Array ? list(one, member(object, one)) : wrong_kind(go_type(m));
    const Field& two = m.wire[1];
    switch (reader_.peek()) {
      case JsonKind::Null:
        return reader_.read_null();
      case JsonKind::Bool:
        if (m.form != JsonForm::OrBool) break;
        return value(one, member(object, one));
      case JsonKind::Object: {
        const Field& schema = m.form == JsonForm::OrBool ? two : one;
        if (m.form == JsonForm::OrBool) as<bool>(member(object, one)) = true;
        return field(schema, member(object, schema));
      }
      case JsonKind::Array:
        if (m.form == JsonForm::OrBool) break;
        return list(two, member(object, two));
      default:
        break;
    }
    return reader_.skip() && refuse("boolean or JSON schema expected");
  }

  bool message(const Field& f, void* p) {
    if (depth_ >= kMessageDepthMax) return refuse("exceeded max depth");
    ++depth_;
    const Message& m = *f.message;
    const bool ok = m.form != JsonForm::Object           ? special(m, p)
                    : reader_.peek() != JsonKind::Object ? wrong_kind(go_type(m))
                                                         : object_body(m, p, nullptr);
    --depth_;
    return ok;
  }

  bool object_body(const Message& m, void* p, TypeMeta* type) {
    if (!reader_.enter_object()) return false;
    std::bitset<kFieldsMax> seen;
    bool seen_kind = false, seen_version = false;
    const Message* const outer = owner_;
    std::string scratch;
    std::string_view key;
    const bool top = steps_.empty();
    const size_t late = late_maps_.size();
    while (reader_.next_key_view(key, scratch)) {
      const Field* f = m.find_json(key);
      if (!f) {
        const bool kind = iequals(key, "kind"), version = iequals(key, "apiVersion");
        const bool exact = key == "kind" || key == "apiVersion";
        if (top && exact && std::exchange(kind ? seen_kind : seen_version, true)) problem("duplicate", key);
        if (!top || !exact) problem("unknown", key);
        if (!(top && (kind || version) ? type_text(kind, type) : reader_.skip())) return false;
        continue;
      }
      const size_t index = static_cast<size_t>(f - m.json.data());
      if (index < kFieldsMax && seen.test(index)) problem("duplicate", key);
      if (index < kFieldsMax) seen.set(index);
      owner_ = &m;
      steps_.push_back({f->json, f});
      if (!field(*f, member(p, *f))) return false;
      steps_.pop_back();
      owner_ = outer;
    }
    settle_late(late);
    return reader_.ok();
  }

  /// kind or apiVersion at the top. What is no text is left to peek_type() to tell of.
  bool type_text(bool kind, TypeMeta* type) {
    if (reader_.peek() == JsonKind::Null) return reader_.read_null();
    if (reader_.peek() != JsonKind::String) return wrong_kind("string");
    std::string text;
    if (!reader_.read_string(text)) return false;
    if (type) (kind ? type->kind : type->api_version) = std::move(text);
    return true;
  }

  const std::string_view text_;
  JsonReader reader_;
  DecodeReport* report_;
  std::vector<Step> steps_;
  const Message* owner_ = nullptr;  ///< the message whose field is read
  std::vector<std::pair<const Field*, void*>> late_maps_;
  std::string first_mismatch_;
  std::optional<Error> broke_;
  size_t budget_;
  int depth_ = 0;
};

}  // namespace

Result<void> decode_json(std::string_view text, const Message& m, void* object, TypeMeta* type,
                         DecodeReport* report) {
  return Decoder(text, report).run(m, object, type);
}

namespace {

/// The anonymous struct that upstream reads kind and apiVersion into.
constexpr std::string_view kTypeStruct =
    R"(struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" })";

std::string_view kind_word(JsonKind k) {
  switch (k) {
    case JsonKind::Object:
      return "object";
    case JsonKind::Array:
      return "array";
    case JsonKind::String:
      return "string";
    case JsonKind::Bool:
      return "bool";
    default:
      return "number";
  }
}

/// Reads the members of the object; the first that is no text is told by `wrong`.
bool read_type(JsonReader& reader, TypeMeta& out, std::string& wrong) {
  if (!reader.enter_object()) return false;
  std::string scratch;
  std::string_view key;
  while (reader.next_key_view(key, scratch)) {
    const std::string_view name = iequals(key, "kind")         ? "kind"
                                  : iequals(key, "apiVersion") ? "apiVersion"
                                                               : "";
    const JsonKind kind = reader.peek();
    if (!name.empty() && kind == JsonKind::String) {
      if (!reader.read_string(name == "kind" ? out.kind : out.api_version)) return false;
      continue;
    }
    if (!reader.skip()) return false;
    if (!name.empty() && kind != JsonKind::Null && wrong.empty())
      wrong = fmt::format("json: cannot unmarshal {} into Go struct field .{} of type string",
                          kind_word(kind), name);
  }
  return reader.ok();
}

}  // namespace

Result<TypeMeta> peek_type(std::string_view text) {
  JsonReader reader(text);
  TypeMeta out;
  std::string wrong;
  const JsonKind top = reader.peek();
  bool ok = top == JsonKind::Object ? read_type(reader, out, wrong) : reader.skip();
  ok = ok && reader.expect_end();
  if (top != JsonKind::Object && top != JsonKind::Null)
    wrong = fmt::format("json: cannot unmarshal {} into Go value of type {}", kind_word(top), kTypeStruct);
  if (ok && wrong.empty()) return out;
  return Error(Code::BadRequest,
               "couldn't get version/kind; json parse error: " + (ok ? wrong : reader.error()));
}

}  // namespace mizzen::codec
