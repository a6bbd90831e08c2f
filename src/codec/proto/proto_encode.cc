#include <bit>
#include <cstring>
#include <memory>

#include "codec/proto/proto_codec.h"
#include "codec/tables/access.h"

namespace mizzen::codec {
namespace {

/// Writes from the back to the front, so that a length is known when its prefix is due. One buffer a thread,
/// kept between calls up to kKeepMax.
class BackWriter {
 public:
  static constexpr size_t kKeepMax = 1 << 20;

  size_t size() const { return capacity_ - at_; }
  std::string_view text() const { return {data_.get() + at_, size()}; }
  void reset() {
    if (capacity_ > kKeepMax) {
      data_.reset();
      capacity_ = 0;
    }
    at_ = capacity_;
  }
  void bytes(std::string_view s) {
    if (s.empty()) return;  // an empty writer, or view, has no place to copy to or from
    need(s.size());
    at_ -= s.size();
    std::memcpy(data_.get() + at_, s.data(), s.size());
  }
  void varint(uint64_t v) {
    const size_t n = v ? (static_cast<size_t>(std::bit_width(v)) + 6) / 7 : 1;
    need(n);
    at_ -= n;
    char* p = data_.get() + at_;
    for (size_t i = 0; i + 1 < n; ++i, v >>= 7) p[i] = static_cast<char>(v | 0x80);
    p[n - 1] = static_cast<char>(v & 0x7f);
  }
  void tag(uint32_t number, uint32_t wire) { varint(static_cast<uint64_t>(number) << 3 | wire); }

 private:
  void need(size_t n) {
    if (at_ >= n) return;
    const size_t used = size();
    const size_t grown = std::max<size_t>(4096, (capacity_ + n) * 2);
    std::unique_ptr<char[]> next(new char[grown]);
    if (used) std::memcpy(next.get() + grown - used, data_.get() + at_, used);
    data_ = std::move(next);
    capacity_ = grown;
    at_ = grown - used;
  }
  std::unique_ptr<char[]> data_;
  size_t capacity_ = 0;
  size_t at_ = 0;
};

void put_message(BackWriter& w, const Message& m, const void* object);

void put_length(BackWriter& w, size_t before, uint32_t number) {
  w.varint(w.size() - before);
  w.tag(number, 2);
}

/// One value with its tag. Returns nothing written for an empty proto3 value.
void put_value(BackWriter& w, const Field& f, const void* v, uint32_t number) {
  const size_t before = w.size();
  const auto integer = [&](uint64_t u) {
    w.varint(u);
    w.tag(number, 0);
  };
  switch (f.type) {
    case Type::Bool:
      integer(as<bool>(v));
      return;
    case Type::Int32:
      integer(static_cast<uint64_t>(static_cast<int64_t>(as<int32_t>(v))));
      return;
    case Type::Int64:
      integer(static_cast<uint64_t>(as<int64_t>(v)));
      return;
    case Type::Uint32:
      integer(as<uint32_t>(v));
      return;
    case Type::Uint64:
      integer(as<uint64_t>(v));
      return;
    case Type::Double: {
      char raw[8];
      std::memcpy(raw, v, 8);
      w.bytes({raw, 8});
      w.tag(number, 1);
      return;
    }
    case Type::String:
    case Type::Bytes:
      w.bytes(as<std::string>(v));
      break;
    case Type::Message:
      put_message(w, *f.message, v);
      break;
    case Type::Time:
    case Type::MicroTime: {
      const Time& t = as<Time>(v);
      if (t.is_set()) {
        w.varint(static_cast<uint64_t>(t.nanos));
        w.tag(2, 0);
        w.varint(static_cast<uint64_t>(t.seconds));
        w.tag(1, 0);
      }
      break;
    }
    case Type::Span:
      w.varint(static_cast<uint64_t>(as<Span>(v).nanos));
      w.tag(1, 0);
      break;
    case Type::Quantity:
      w.bytes(as<Quantity>(v).text());
      put_length(w, before, 1);
      break;
    case Type::IntOrString: {
      const IntOrString& i = as<IntOrString>(v);
      w.bytes(i.text);
      put_length(w, before, 3);
      w.varint(static_cast<uint64_t>(static_cast<int64_t>(i.number)));
      w.tag(2, 0);
      w.varint(i.is_string);
      w.tag(1, 0);
      break;
    }
    case Type::RawJson:
      if (!as<RawJson>(v).text.empty()) {
        w.bytes(as<RawJson>(v).text);
        put_length(w, before, 1);
      }
      break;
  }
  put_length(w, before, number);
}

bool skipped(const Field& f, const void* v) {
  switch (f.type) {
    case Type::Bytes:
      return as<std::string>(v).empty();  // a nil slice in Go
    case Type::Bool:
      return f.has(kSkipZero) && !as<bool>(v);
    case Type::Int32:
    case Type::Uint32:
      return f.has(kSkipZero) && as<int32_t>(v) == 0;
    case Type::Int64:
    case Type::Uint64:
      return f.has(kSkipZero) && as<int64_t>(v) == 0;
    case Type::Double:
      return f.has(kSkipZero) && as<double>(v) == 0;
    case Type::String:
      return f.has(kSkipZero) && as<std::string>(v).empty();
    default:
      return false;
  }
}

void put_list(BackWriter& w, const Field& f, const void* list) {
  size_t n = f.list->size(list);
  if (f.has(kSkipZero) && n > 0 && f.type < Type::Double) {  // proto3 packs
    const size_t before = w.size();
    while (n-- > 0) {
      const void* v = f.list->at(list, n);
      switch (f.type) {
        case Type::Bool:
          w.varint(as<uint8_t>(v));
          break;
        case Type::Int32:
          w.varint(static_cast<uint64_t>(static_cast<int64_t>(as<int32_t>(v))));
          break;
        case Type::Uint32:
          w.varint(as<uint32_t>(v));
          break;
        default:
          w.varint(as<uint64_t>(v));
      }
    }
    put_length(w, before, f.number);
    return;
  }
  while (n-- > 0) put_value(w, f, f.list->at(list, n), f.number);
}

void put_field(BackWriter& w, const Field& f, const void* p) {
  switch (f.shape) {
    case Shape::Value:
      if (!skipped(f, p)) put_value(w, f, p, f.number);
      return;
    case Shape::Optional:
      if (const void* v = optional_get(f, p)) put_value(w, f, v, f.number);
      return;
    case Shape::List:
      put_list(w, f, p);
      return;
    case Shape::Map:
      for (size_t n = f.map->size(p); n-- > 0;) {
        const size_t before = w.size();
        put_value(w, f, f.map->value(p, n), 2);
        const size_t key = w.size();
        w.bytes(*f.map->key(p, n));
        put_length(w, key, 1);
        put_length(w, before, f.number);
      }
      return;
  }
}

void put_message(BackWriter& w, const Message& m, const void* object) {
  for (size_t i = m.wire.size(); i-- > 0;) put_field(w, m.wire[i], member(object, m.wire[i]));
}

BackWriter& scratch() {
  thread_local BackWriter writer;
  writer.reset();
  return writer;
}

/// The envelope's fields around what the writer holds already.
void put_envelope(BackWriter& w, const TypeMeta& type, size_t raw_size) {
  // contentEncoding and contentType stand after the raw bytes: they were written first, see the callers.
  w.varint(raw_size);
  w.tag(2, 2);
  size_t before = w.size();
  w.bytes(type.kind);
  put_length(w, before, 2);
  const size_t version = w.size();
  w.bytes(type.api_version);
  put_length(w, version, 1);
  put_length(w, before, 1);
  w.bytes(kEnvelopeMagic);
}

void put_trailer(BackWriter& w) {
  w.varint(0);
  w.tag(4, 2);
  w.varint(0);
  w.tag(3, 2);
}

}  // namespace

void encode_proto(std::string& out, const Message& m, const void* object) {
  BackWriter& w = scratch();
  put_message(w, m, object);
  out.append(w.text());
}

void encode_envelope(std::string& out, const TypeMeta& type, const Message& m, const void* object) {
  BackWriter& w = scratch();
  put_trailer(w);
  const size_t before = w.size();
  put_message(w, m, object);
  put_envelope(w, type, w.size() - before);
  out.append(w.text());
}

void seal_envelope(std::string& out, const TypeMeta& type, std::string_view raw) {
  BackWriter& w = scratch();
  put_trailer(w);
  w.bytes(raw);
  put_envelope(w, type, raw.size());
  out.append(w.text());
}

}  // namespace mizzen::codec
