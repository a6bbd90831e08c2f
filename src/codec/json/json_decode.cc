#include <fmt/format.h>

#include <bitset>
#include <charconv>

#include "base/strings.h"
#include "codec/json/json_codec.h"
#include "codec/tables/access.h"

namespace mizzen::codec {
namespace {

constexpr size_t kFieldsMax = 512;  // of one message; the largest has under a hundred

std::string_view go_type(const Field& f) {
  switch (f.type) {
    case Type::Bool:
      return "bool";
    case Type::Int32:
      return "int32";
    case Type::Int64:
      return "int64";
    case Type::Uint32:
      return "uint32";
    case Type::Uint64:
      return "uint64";
    case Type::Double:
      return "float64";
    case Type::Bytes:
      return "[]uint8";
    case Type::Message:
      return f.message->name;
    default:
      return "string";
  }
}

class Decoder {
 public:
  Decoder(std::string_view text, DecodeReport* report) : reader_(text), report_(report) {}

  Result<void> run(const Message& m, void* object, TypeMeta* type) {
    if (!object_body(m, object, type)) return error();
    if (!reader_.at_end()) return Error(Code::BadRequest, "invalid character after top-level value");
    return {};
  }

 private:
  Error error() { return Error(Code::BadRequest, reader_.error()); }

  std::string path_of(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }

  void problem(std::string_view what, std::string_view key) {
    if (!report_) return;
    ++report_->total;
    if (report_->problems.size() < DecodeReport::kProblemsMax)
      report_->problems.push_back(fmt::format("{} field \"{}\"", what, path_of(key)));
  }

  bool mismatch(const Field& f, std::string_view got) {
    std::string wanted = f.shape == Shape::List && got != "element" ? "[]" : "";
    if (f.shape == Shape::Map && got != "element") wanted = "map[string]";
    wanted += go_type(f);
    return reader_.fail(fmt::format("json: cannot unmarshal {} into Go struct field {}.{} of type {}", got,
                                    owner_ ? owner_->name : "", path_, wanted));
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

  /// Go's mismatch text, after making sure that what stands there is JSON at all.
  bool wrong_kind(const Field& f) {
    const JsonKind kind = reader_.peek();
    if (!reader_.skip()) return false;
    return mismatch(f, kind_name(kind));
  }

  template <typename T>
  bool integer(const Field& f, T& out) {
    if (reader_.peek() != JsonKind::Number) return wrong_kind(f);
    std::string_view text;
    if (!reader_.read_number(text)) return false;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (ec != std::errc() || end != text.data() + text.size())
      return mismatch(f, fmt::format("number {}", text));
    return true;
  }

  bool string_like(const Field& f, std::string& out) {
    if (reader_.peek() != JsonKind::String) return wrong_kind(f);
    return reader_.read_string(out);
  }

  bool value(const Field& f, void* p) {
    switch (f.type) {
      case Type::Bool: {
        if (reader_.peek() != JsonKind::Bool) return wrong_kind(f);
        bool b = false;
        if (!reader_.read_bool(b)) return false;
        as<bool>(p) = b;
        return true;
      }
      case Type::Int32:
        return integer(f, as<int32_t>(p));
      case Type::Int64:
        return integer(f, as<int64_t>(p));
      case Type::Uint32:
        return integer(f, as<uint32_t>(p));
      case Type::Uint64:
        return integer(f, as<uint64_t>(p));
      case Type::Double: {
        if (reader_.peek() != JsonKind::Number) return wrong_kind(f);
        std::string_view text;
        if (!reader_.read_number(text)) return false;
        const auto r = std::from_chars(text.data(), text.data() + text.size(), as<double>(p));
        if (r.ec != std::errc()) return mismatch(f, fmt::format("number {}", text));
        return true;
      }
      case Type::String:
        return string_like(f, as<std::string>(p));
      case Type::Bytes: {
        std::string text;
        if (!string_like(f, text)) return false;
        auto bytes = base64_decode(text);
        if (!bytes) return reader_.fail("illegal base64 data at input byte 0");
        as<std::string>(p) = std::move(*bytes);
        return true;
      }
      case Type::Message:
        return object(*f.message, p, &f);
      case Type::Time:
      case Type::MicroTime: {
        std::string text;
        if (!string_like(f, text)) return false;
        auto t = parse_time(text);
        if (!t.ok()) return reader_.fail(t.error().message());
        if (f.type == Type::Time) {
          t->nanos = 0;
        } else {
          t->nanos = t->nanos / 1000 * 1000;
        }
        as<Time>(p) = *t;
        return true;
      }
      case Type::Span: {
        std::string text;
        if (!string_like(f, text)) return false;
        const auto d = parse_go_duration(text);
        if (!d.ok()) return reader_.fail(d.error().message());
        as<Span>(p).nanos = *d;
        return true;
      }
      case Type::Quantity: {
        std::string text;
        if (reader_.peek() == JsonKind::Number) {
          std::string_view number;
          if (!reader_.read_number(number)) return false;
          text = number;
        } else if (!string_like(f, text)) {
          return false;
        }
        auto q = Quantity::parse(trim(text));
        if (!q.ok()) return reader_.fail(q.error().message());
        as<Quantity>(p) = std::move(*q);
        return true;
      }
      case Type::IntOrString: {
        IntOrString& v = as<IntOrString>(p);
        if (reader_.peek() == JsonKind::String) {
          v.is_string = true;
          return reader_.read_string(v.text);
        }
        v.is_string = false;
        return integer(f, v.number);
      }
      case Type::RawJson:
        return reader_.copy_compact(as<RawJson>(p).text);
    }
    return false;
  }

  /// A null leaves the field as it is; true where there was one.
  bool take_null(const Field& f, bool& failed) {
    if (reader_.peek() != JsonKind::Null) return false;
    if (f.type == Type::RawJson && f.shape == Shape::Value) return false;
    failed = !reader_.read_null();
    return true;
  }

  bool field(const Field& f, void* p) {
    bool failed = false;
    if (take_null(f, failed)) return !failed;
    switch (f.shape) {
      case Shape::Value:
        return value(f, p);
      case Shape::Optional:
        return value(f, optional_ensure(f, p));
      case Shape::List:
        return list(f, p);
      case Shape::Map:
        return map(f, p);
    }
    return false;
  }

  bool list(const Field& f, void* p) {
    if (reader_.peek() != JsonKind::Array) return wrong_kind(f);
    f.list->clear(p);
    if (!reader_.enter_array()) return false;
    const size_t keep = path_.size();
    for (size_t i = 0; reader_.next_element(); ++i) {
      path_ += fmt::format("[{}]", i);
      void* element = f.list->add(p);
      if (reader_.peek() == JsonKind::Null && f.type != Type::RawJson) {
        if (!reader_.read_null()) return false;
      } else if (!value(f, element)) {
        return false;
      }
      path_.resize(keep);
    }
    return reader_.ok();
  }

  bool map(const Field& f, void* p) {
    if (reader_.peek() != JsonKind::Object) return wrong_kind(f);
    if (!reader_.enter_object()) return false;
    f.map->clear(p);
    const size_t keep = path_.size();
    std::string key;
    while (reader_.next_key(key)) {
      const size_t before = f.map->size(p);
      void* v = f.map->set(p, key);
      if (f.map->size(p) == before) problem("duplicate", key);
      path_ += path_.empty() ? key : "." + key;
      if (reader_.peek() == JsonKind::Null && f.type != Type::RawJson) {
        if (!reader_.read_null()) return false;
      } else if (!value(f, v)) {
        return false;
      }
      path_.resize(keep);
    }
    return reader_.ok();
  }

  bool special(const Message& m, void* object) {
    const Field& one = m.wire[0];
    if (m.form == JsonForm::List) return field(one, member(object, one));
    const Field& two = m.wire[1];
    switch (reader_.peek()) {
      case JsonKind::Null:
        return reader_.read_null();
      case JsonKind::Bool:
        if (m.form != JsonForm::OrBool) return reader_.fail("boolean or JSON schema expected");
        return value(one, member(object, one));
      case JsonKind::Object: {
        const Field& schema = m.form == JsonForm::OrBool ? two : one;
        if (m.form == JsonForm::OrBool) as<bool>(member(object, one)) = true;
        return value(schema, optional_ensure(schema, member(object, schema)));
      }
      case JsonKind::Array:
        if (m.form != JsonForm::OrBool) return list(two, member(object, two));
        [[fallthrough]];
      default:
        return reader_.fail("boolean or JSON schema expected");
    }
  }

  bool object(const Message& m, void* p, const Field* f) {
    if (m.form != JsonForm::Object) return special(m, p);
    if (reader_.peek() != JsonKind::Object && f) return wrong_kind(*f);
    return object_body(m, p, nullptr);
  }

  bool object_body(const Message& m, void* p, TypeMeta* type) {
    if (!reader_.enter_object()) return false;
    std::bitset<kFieldsMax> seen;
    bool seen_kind = false, seen_version = false;
    const Message* const outer = std::exchange(owner_, &m);
    const size_t keep = path_.size();
    std::string scratch;
    std::string_view key;
    const bool top = depth_++ == 0;
    while (reader_.next_key_view(key, scratch)) {
      const Field* f = m.find_json(key);
      if (!f) {
        if (top && (key == "kind" || key == "apiVersion")) {
          bool& twice = key == "kind" ? seen_kind : seen_version;
          if (std::exchange(twice, true)) problem("duplicate", key);
          std::string text;
          if (reader_.peek() == JsonKind::Null) {
            if (!reader_.read_null()) return false;
          } else if (!reader_.read_string(text)) {
            return false;
          }
          if (type) (key == "kind" ? type->kind : type->api_version) = std::move(text);
          continue;
        }
        problem("unknown", key);
        if (!reader_.skip()) return false;
        continue;
      }
      const size_t index = static_cast<size_t>(f - m.json.data());
      if (index < kFieldsMax && seen.test(index)) problem("duplicate", key);
      if (index < kFieldsMax) seen.set(index);
      if (!path_.empty()) path_ += '.';
      path_ += key;
      if (!field(*f, member(p, *f))) return false;
      path_.resize(keep);
    }
    --depth_;
    owner_ = outer;
    return reader_.ok();
  }

  JsonReader reader_;
  DecodeReport* report_;
  std::string path_;
  const Message* owner_ = nullptr;
  int depth_ = 0;
};

}  // namespace

Result<void> decode_json(std::string_view text, const Message& m, void* object, TypeMeta* type,
                         DecodeReport* report) {
  return Decoder(text, report).run(m, object, type);
}

Result<TypeMeta> peek_type(std::string_view text) {
  JsonReader reader(text);
  TypeMeta out;
  if (reader.enter_object()) {
    std::string scratch;
    std::string_view key;
    while (reader.next_key_view(key, scratch)) {
      std::string* to = key == "kind" ? &out.kind : key == "apiVersion" ? &out.api_version : nullptr;
      if (to && reader.peek() == JsonKind::String) {
        if (!reader.read_string(*to)) break;
      } else if (!reader.skip()) {
        break;
      }
    }
  }
  if (!reader.ok()) return Error(Code::BadRequest, reader.error());
  return out;
}

}  // namespace mizzen::codec
