#include <bit>
#include <cstring>

#include "codec/proto/proto_codec.h"
#include "codec/tables/access.h"

namespace mizzen::codec {
namespace {

enum Wire : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

/// Cursor over wire bytes; the first error sticks.
struct Cursor {
  const char* at;
  const char* end;
  bool bad = false;

  bool done() const { return at >= end; }
  uint64_t varint() {
    uint64_t out = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at >= end) break;
      const uint8_t b = static_cast<uint8_t>(*at++);
      out |= static_cast<uint64_t>(b & 0x7f) << shift;
      if (b < 0x80) return out;
    }
    bad = true;
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

class Decoder {
 public:
  std::string error = "proto: malformed message";

  bool message(std::string_view bytes, const Message& m, void* object, int depth) {
    if (depth > kProtoDepthMax) {
      error = "proto: exceeded max depth";
      return false;
    }
    Cursor c = over(bytes);
    size_t hint = 0;
    while (!c.done()) {
      const uint64_t tag = c.varint();
      if (c.bad) return false;
      const uint32_t wire = tag & 7;
      const Field* f = find(m, static_cast<uint32_t>(tag >> 3), hint);
      if (!f) {
        c.skip(wire);
        if (c.bad) return false;
        continue;
      }
      if (!field(c, *f, member(object, *f), wire, depth)) return false;
    }
    return true;
  }

 private:
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
        store_varint(f.type, slot_of(f, p), v, f.shape == Shape::List);
        return true;
      }
      if (wire != kBytes || f.shape != Shape::List) return false;
      Cursor packed = over(c.bytes());
      if (c.bad) return false;
      while (!packed.done()) {
        const uint64_t v = packed.varint();
        if (packed.bad) return false;
        store_varint(f.type, f.list->add(p), v, true);
      }
      return true;
    }
    if (f.type == Type::Double) {
      if (wire != kFixed64) return false;
      const uint64_t bits = c.fixed(8);
      if (c.bad) return false;
      as<double>(slot_of(f, p)) = std::bit_cast<double>(bits);
      return true;
    }
    if (wire != kBytes) return false;
    const std::string_view bytes = c.bytes();
    if (c.bad) return false;
    return content(bytes, f, slot_of(f, p), depth);
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

  static bool time(std::string_view bytes, const Field& f, Time& out) {
    if (bytes.empty()) {
      out = Time{};
      return true;
    }
    out = Time{0, 0};
    Cursor c = over(bytes);
    while (!c.done()) {
      const uint64_t tag = c.varint();
      if (tag >> 3 == 1 && (tag & 7) == kVarint) {
        out.seconds = static_cast<int64_t>(c.varint());
      } else if (tag >> 3 == 2 && (tag & 7) == kVarint) {
        out.nanos = static_cast<int32_t>(c.varint());
      } else {
        c.skip(tag & 7);
      }
      if (c.bad) return false;
    }
    out.nanos = f.type == Type::Time ? 0 : out.nanos / 1000 * 1000;
    return true;
  }

  /// The small messages with a C++ type of their own: Quantity, IntOrString, Duration, and bytes of JSON.
  bool value_message(std::string_view bytes, const Field& f, void* v) {
    Cursor c = over(bytes);
    while (!c.done()) {
      const uint64_t tag = c.varint();
      if (c.bad) return false;
      const uint32_t number = static_cast<uint32_t>(tag >> 3), wire = tag & 7;
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
    void* v = f.map->set(p, key);
    if (is_varint(f.type)) {
      store_varint(f.type, v, number, false);
      return true;
    }
    return content(value, f, v, depth);
  }
};

}  // namespace

Result<void> decode_proto(std::string_view bytes, const Message& m, void* object) {
  Decoder d;
  if (!d.message(bytes, m, object, 0)) return Error(Code::BadRequest, d.error);
  return {};
}

Result<Envelope> open_envelope(std::string_view bytes) {
  const Error bad(Code::BadRequest,
                  "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
  if (!bytes.starts_with(kEnvelopeMagic)) return bad;
  Envelope out;
  Cursor c = over(bytes.substr(kEnvelopeMagic.size()));
  while (!c.done()) {
    const uint64_t tag = c.varint();
    if (tag == (1 << 3 | kBytes)) {
      Cursor type = over(c.bytes());
      while (!c.bad && !type.done()) {
        const uint64_t t = type.varint();
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
