#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "codec/proto/proto_codec.h"
#include "codec/tables/access.h"
#include "codec/tables/go_types.h"

namespace mizzen::codec {
namespace {

enum Wire : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kStartGroup = 3, kEndGroup = 4, kFixed32 = 5 };

/// Cursor over wire bytes; the first error sticks.
struct Cursor {
  const char* at;
  const char* end;
  bool bad = false;
  bool overflow = false;  ///< bad, since a number did not end

  bool done() const { return at >= end; }
  uint64_t varint() {
    uint64_t out = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at >= end) {
        bad = true;
        return 0;
      }
      const uint8_t b = static_cast<uint8_t>(*at++);
      out |= static_cast<uint64_t>(b & 0x7f) << shift;
      if (b < 0x80) return out;
    }
    bad = overflow = true;
    return 0;
  }
  std::string_view bytes() {
    const uint64_t n = varint();
    if (bad || n > static_cast<uint64_t>(end - at)) {
      bad = true;
      return {};
    }
    const std::string_view out(at, static_cast<size_t>(n));
    at += n;
    return out;
  }
  uint64_t fixed(size_t n) {
    if (static_cast<size_t>(end - at) < n) {
      bad = true;
      return 0;
    }
    uint64_t out = 0;
    std::memcpy(&out, at, n);
    at += n;
    return out;
  }
  void skip(uint32_t wire) {
    switch (wire) {
      case kVarint:
        varint();
        break;
      case kFixed64:
        fixed(8);
        break;
      case kBytes:
        bytes();
        break;
      case kFixed32:
        fixed(4);
        break;
      default:
        bad = true;
    }
  }
};

Cursor over(std::string_view s) { return {s.data(), s.data() + s.size()}; }

/// The field that a tag names, in as many bits as Go's code takes: 0 and less are none.
int32_t number_of(uint64_t tag) { return static_cast<int32_t>(tag >> 3); }

std::string illegal_tag(std::string_view message, uint64_t tag) {
  return fmt::format("proto: {}: illegal tag {} (wire type {})", message, number_of(tag), tag);
}

class Decoder {
 public:
  /// The texts of gogo's generated code, which upstream's messages use.
  explicit Decoder(size_t bytes) : budget_(std::max(kDecodedBytesMin, bytes * kDecodedPerByte)) {}
  std::string error = "unexpected EOF";
  bool too_large = false;

  bool message(std::string_view bytes, const Message& m, void* object, int depth) {
    if (depth > kProtoDepthMax) {
      error = "proto: exceeded max depth";
      return false;
    }
    Cursor c = over(bytes);
    size_t hint = 0;
    bool maps = false;
    while (!c.done()) {
      const uint64_t tag = c.varint();
      if (c.bad) return cursor_error(c);
      const uint32_t wire = tag & 7;
      if (!names_field(m.name, tag)) return false;
      const Field* f = find(m, static_cast<uint32_t>(number_of(tag)), hint);
      if (!f) {
        if (!skip_unknown(c, wire)) return cursor_error(c);
        continue;
      }
      if (!takes(*f, wire))
        return fail(fmt::format("proto: wrong wireType = {} for field {}", wire, go_name(*f)));
      maps |= f->shape == Shape::Map;
      if (!field(c, *f, member(object, *f), wire, depth)) return cursor_error(c);
    }
    if (maps) settle(m, object);
    return true;
  }

 private:
  static constexpr int kGroupDepthMax = 100;

  bool fail(std::string what) {
    error = std::move(what);
    told_ = true;
    return false;
  }
  /// What every tag of a message has to do; entries of maps are the exception.
  bool names_field(std::string_view message, uint64_t tag) {
    if ((tag & 7) == kEndGroup)
      return fail(fmt::format("proto: {}: wiretype end group for non-group", message));
    return number_of(tag) > 0 || fail(illegal_tag(message, tag));
  }
  bool cursor_error(const Cursor& c) {
    if (c.overflow && !told_) return fail("proto: integer overflow");
    return false;
  }

  /// Go's name of a field: that of its type for embedded ones, else the JSON name with a capital.
  static std::string go_name(const Field& f) {
    if (f.type == Type::Message && (f.has(kInline) || f.json == "metadata"))
      return std::string(f.go_type.empty() ? f.message->name : f.go_type);
    std::string out(f.json);
    if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
    return out;
  }

  static bool takes(const Field& f, uint32_t wire) {
    if (f.shape == Shape::Map) return wire == kBytes;
    if (is_varint(f.type)) return wire == kVarint || (wire == kBytes && f.shape == Shape::List);
    return wire == (f.type == Type::Double ? kFixed64 : kBytes);
  }

  /// Groups are passed over whole; nothing of upstream's has them.
  bool skip_unknown(Cursor& c, uint32_t wire) {
    int depth = 0;
    for (;;) {
      if (wire == kStartGroup) {
        if (++depth > kGroupDepthMax) return fail("proto: exceeded max depth");
      } else if (wire == kEndGroup) {
        --depth;
      } else if (wire > kFixed32) {
        return fail(fmt::format("proto: illegal wireType {}", wire));
      } else {
        c.skip(wire);
      }
      if (c.bad) return false;
      if (depth == 0) return true;
      wire = c.varint() & 7;
      if (c.bad) return false;
    }
  }

  /// Entries of maps come one by one, in whatever order.
  static void settle(const Message& m, void* object) {
    for (const Field& f : m.wire)
      if (f.shape == Shape::Map) f.map->settle(member(object, f), nullptr);
  }

  /// As slot_of, after taking what the value costs in memory from the budget.
  void* slot(const Field& f, void* p) {
    const size_t cost = f.shape == Shape::List                                  ? f.list->element_bytes
                        : f.shape == Shape::Optional && f.type == Type::Message ? f.message->size
                                                                                : 0;
    return charge(cost) ? slot_of(f, p) : nullptr;
  }
  bool charge(size_t bytes) {
    if (bytes > budget_) {
      too_large = true;
      error = "Request entity too large: decoded it takes too many bytes";
      return false;
    }
    budget_ -= bytes;
    return true;
  }

  static const Field* find(const Message& m, uint32_t number, size_t& hint) {
    for (size_t i = hint; i < m.wire.size() && i < hint + 3; ++i)
      if (m.wire[i].number == number) {
        hint = i;
        return &m.wire[i];
      }
    size_t low = 0, high = m.wire.size();
    while (low < high) {
      const size_t mid = (low + high) / 2;
      if (m.wire[mid].number < number) {
        low = mid + 1;
      } else {
        high = mid;
      }
    }
    if (low == m.wire.size() || m.wire[low].number != number) return nullptr;
    hint = low;
    return &m.wire[low];
  }

  static bool is_varint(Type t) {
    return t == Type::Bool || t == Type::Int32 || t == Type::Int64 || t == Type::Uint32 || t == Type::Uint64;
  }

  static void store_varint(Type t, void* p, uint64_t v, bool in_list) {
    switch (t) {
      case Type::Bool:
        if (in_list) {
          as<uint8_t>(p) = v != 0;
        } else {
          as<bool>(p) = v != 0;
        }
        break;
      case Type::Int32:
        as<int32_t>(p) = static_cast<int32_t>(v);
        break;
      case Type::Uint32:
        as<uint32_t>(p) = static_cast<uint32_t>(v);
        break;
      case Type::Int64:
        as<int64_t>(p) = static_cast<int64_t>(v);
        break;
      default:
        as<uint64_t>(p) = v;
    }
  }

  bool field(Cursor& c, const Field& f, void* p, uint32_t wire, int depth) {
    if (f.shape == Shape::Map) return wire == kBytes && map_entry(c, f, p, depth);
    if (is_varint(f.type)) {
      if (wire == kVarint) {
        const uint64_t v = c.varint();
        if (c.bad) return false;
        void* const to = slot(f, p);
        if (to) store_varint(f.type, to, v, f.shape == Shape::List);
        return to != nullptr;
      }
      if (wire != kBytes || f.shape != Shape::List) return false;
      Cursor packed = over(c.bytes());
      if (c.bad) return false;
      while (!packed.done()) {
        const uint64_t v = packed.varint();
        void* const to = packed.bad ? nullptr : slot(f, p);
        if (!to) return false;
        store_varint(f.type, to, v, true);
      }
      return true;
    }
    if (f.type == Type::Double) {
      if (wire != kFixed64) return false;
      const uint64_t bits = c.fixed(8);
      if (c.bad) return false;
      void* const to = slot(f, p);
      if (to) as<double>(to) = std::bit_cast<double>(bits);
      return to != nullptr;
    }
    if (wire != kBytes) return false;
    const std::string_view bytes = c.bytes();
    if (c.bad) return false;
    void* const to = slot(f, p);
    return to && content(bytes, f, to, depth);
  }

  bool content(std::string_view bytes, const Field& f, void* v, int depth) {
    switch (f.type) {
      case Type::String:
      case Type::Bytes:
        as<std::string>(v).assign(bytes);
        return true;
      case Type::Message:
        return message(bytes, *f.message, v, depth + 1);
      case Type::Time:
      case Type::MicroTime:
        return time(bytes, f, as<Time>(v));
      default:
        return value_message(bytes, f, v);
    }
  }

  bool time(std::string_view bytes, const Field& f, Time& out) {
    if (bytes.empty()) {
      out = Time{};
      return true;
    }
    out = Time{0, 0};
    Cursor c = over(bytes);
    while (!c.done()) {
      const uint64_t tag = c.varint();
      if (!c.bad && !names_field("Timestamp", tag)) return false;
      if (number_of(tag) == 1 && (tag & 7) == kVarint) {
        out.seconds = static_cast<int64_t>(c.varint());
      } else if (number_of(tag) == 2 && (tag & 7) == kVarint) {
        out.nanos = static_cast<int32_t>(c.varint());
      } else {
        c.skip(tag & 7);
      }
      if (c.bad) return false;
    }
    out.nanos = f.type == Type::Time ? 0 : out.nanos / 1000 * 1000;
    return true;
  }

  /// Go's name of a type that has a C++ type of its own, without its package.
  static std::string value_name(const Field& f) {
    const std::string name = go_element_type(f);
    return name.substr(name.rfind('.') + 1);
  }

  /// The small messages with a C++ type of their own: Quantity, IntOrString, Duration, and bytes of JSON.
  bool value_message(std::string_view bytes, const Field& f, void* v) {
    Cursor c = over(bytes);
    while (!c.done()) {
      const uint64_t tag = c.varint();
      if (c.bad) return false;
      const int32_t number = number_of(tag);
      const uint32_t wire = tag & 7;
      if (!names_field(value_name(f), tag)) return false;
      if (f.type == Type::Quantity && number == 1 && wire == kBytes) {
        const std::string_view text = c.bytes();
        if (c.bad) return false;
        auto q = Quantity::parse(text.empty() ? "0" : text);
        if (!q.ok()) {
          error = q.error().message();
          return false;
        }
        as<Quantity>(v) = std::move(*q);
      } else if (f.type == Type::IntOrString && number == 1 && wire == kVarint) {
        as<IntOrString>(v).is_string = c.varint() != 0;
      } else if (f.type == Type::IntOrString && number == 2 && wire == kVarint) {
        as<IntOrString>(v).number = static_cast<int32_t>(c.varint());
      } else if (f.type == Type::IntOrString && number == 3 && wire == kBytes) {
        as<IntOrString>(v).text.assign(c.bytes());
      } else if (f.type == Type::Span && number == 1 && wire == kVarint) {
        as<Span>(v).nanos = static_cast<int64_t>(c.varint());
      } else if (f.type == Type::RawJson && number == 1 && wire == kBytes) {
        as<RawJson>(v).text.assign(c.bytes());
      } else {
        c.skip(wire);
      }
      if (c.bad) return false;
    }
    return true;
  }

  bool map_entry(Cursor& outer, const Field& f, void* p, int depth) {
    Cursor c = over(outer.bytes());
    if (outer.bad) return false;
    std::string_view key, value;
    uint64_t number = 0;
    while (!c.done()) {
      const uint64_t tag = c.varint();
      if (tag == (1 << 3 | kBytes)) {
        key = c.bytes();
      } else if (tag == (2 << 3 | kBytes)) {
        value = c.bytes();
      } else if (tag == (2 << 3 | kVarint)) {
        number = c.varint();
      } else {
        c.skip(tag & 7);
      }
      if (c.bad) return false;
    }
    if (!charge(f.map->entry_bytes + key.size())) return false;
    void* v = f.map->append(p, key);
    if (is_varint(f.type)) {
      store_varint(f.type, v, number, false);
      return true;
    }
    return content(value, f, v, depth);
  }

  size_t budget_;
  bool told_ = false;
};

}  // namespace

Result<void> decode_proto(std::string_view bytes, const Message& m, void* object) {
  Decoder d(bytes.size());
  if (!d.message(bytes, m, object, 0))
    return Error(d.too_large ? Code::RequestEntityTooLarge : Code::BadRequest, d.error);
  return {};
}

Result<Envelope> open_envelope(std::string_view bytes) {
  if (bytes.empty()) return Error(Code::BadRequest, "empty data");
  if (!bytes.starts_with(kEnvelopeMagic))
    return Error(Code::BadRequest,
                 "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
  if (bytes.size() == kEnvelopeMagic.size()) return Error(Code::BadRequest, "empty body");
  const Error bad(Code::BadRequest, "unexpected EOF");
  Envelope out;
  Cursor c = over(bytes.substr(kEnvelopeMagic.size()));
  while (!c.done()) {
    const uint64_t tag = c.varint();
    if (!c.bad && number_of(tag) <= 0) return Error(Code::BadRequest, illegal_tag("Unknown", tag));
    if (tag == (1 << 3 | kBytes)) {
      Cursor type = over(c.bytes());
      while (!c.bad && !type.done()) {
        const uint64_t t = type.varint();
        if (!type.bad && number_of(t) <= 0) return Error(Code::BadRequest, illegal_tag("TypeMeta", t));
        if (t == (1 << 3 | kBytes)) {
          out.type.api_version = type.bytes();
        } else if (t == (2 << 3 | kBytes)) {
          out.type.kind = type.bytes();
        } else {
          type.skip(t & 7);
        }
        if (type.bad) return bad;
      }
    } else if (tag == (2 << 3 | kBytes)) {
      out.raw = c.bytes();
    } else {
      c.skip(tag & 7);
    }
    if (c.bad) return bad;
  }
  return out;
}

}  // namespace mizzen::codec
