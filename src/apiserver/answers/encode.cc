#include "apiserver/answers/encode.h"

#include <fmt/format.h>

#include "apiserver/answers/status.h"
#include "apiserver/answers/table.h"
#include "codec/json/json_text.h"
#include "codec/proto/proto_codec.h"
#include "codec/yaml/yaml.h"
#include "machinery/schema/meta/v1/list_meta.h"
#include "machinery/schema/meta/v1/partial_object_metadata.h"
#include "machinery/schema/meta/v1/watch_event.h"

namespace mizzen::apiserver {
namespace {

using codec::TypeMeta;

void append_varint(std::string& out, uint64_t v) {
  while (v >= 0x80) {
    out += static_cast<char>(v | 0x80);
    v >>= 7;
  }
  out += static_cast<char>(v);
}

bool in_storage_version(const View& view) { return view.version->message == &view.resource->message(); }

TypeMeta type_of(const View& view) { return {view.version->api_version(), std::string(view.resource->kind)}; }
TypeMeta partial_type(const View& view, bool list) {
  return {"meta.k8s.io/" + view.media.transform_version,
          list ? "PartialObjectMetadataList" : "PartialObjectMetadata"};
}

std::string json_prefix(const TypeMeta& type) {
  std::string out = "{\"kind\":";
  codec::append_json_string(out, type.kind);
  out += ",\"apiVersion\":";
  codec::append_json_string(out, type.api_version);
  return out;
}

meta::v1::PartialObjectMetadata partial_of(const Entry& entry) {
  meta::v1::PartialObjectMetadata out;
  out.metadata = entry.object().meta();
  return out;
}

/// The object's JSON without kind and apiVersion in the version asked for.
http::Slice bare_json(const View& view, const Entry& entry) {
  if (in_storage_version(view)) return entry.json();
  const auto wire = from_memory(*view.version, entry.object());
  std::string out;
  codec::encode_json(out, wire.message(), wire.get());
  return http::Slice(std::move(out));
}

http::Slice bare_proto(const View& view, const Entry& entry) {
  if (in_storage_version(view)) return entry.wire();
  const auto wire = from_memory(*view.version, entry.object());
  std::string out;
  codec::encode_proto(out, wire.message(), wire.get());
  return http::Slice(std::move(out));
}

/// The envelope around bytes that follow: its beginning, given their length, and its end.
std::string envelope_head(const TypeMeta& type, size_t raw_size) {
  std::string type_bytes;
  for (const auto& [number, text] :
       {std::pair<int, const std::string&>(1, type.api_version), {2, type.kind}}) {
    type_bytes += static_cast<char>(number << 3 | 2);
    append_varint(type_bytes, text.size());
    type_bytes += text;
  }
  std::string out(codec::kEnvelopeMagic);
  out += '\x0a';
  append_varint(out, type_bytes.size());
  out += type_bytes;
  out += '\x12';
  append_varint(out, raw_size);
  return out;
}
constexpr std::string_view kEnvelopeTail{"\x1a\x00\x22\x00", 4};

http::Body json_body(http::Body body, const View& view) {
  if (view.media.format == Format::Json && !view.media.pretty) {
    body.emplace_back("\n");
    return body;
  }
  std::string whole;
  for (const http::Slice& s : body) whole += s.view();
  if (view.media.format == Format::Json) return {http::Slice(indent_json(whole) + "\n")};
  auto yaml = codec::json_to_yaml(whole);
  return {http::Slice(yaml.ok() ? std::move(*yaml) : std::string())};
}

http::Body object_json(const TypeMeta& type, const http::Slice& bare) {
  std::string head = json_prefix(type);
  if (bare.size() <= 2) return {http::Slice(head + "}")};
  head += ',';
  return {http::Slice(std::move(head)), bare.sub(1)};
}

meta::v1::ListMeta list_meta(const ListMeta& meta) {
  meta::v1::ListMeta out;
  out.resourceVersion = meta.resource_version;
  out.continue_ = meta.continue_token;
  out.remainingItemCount = meta.remaining;
  return out;
}

}  // namespace

std::string indent_json(std::string_view json) {
  std::string out;
  size_t depth = 0;
  bool in_string = false;
  const auto line = [&] {
    out += '\n';
    out.append(depth * 2, ' ');
  };
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < json.size()) {
        out += json[++i];
      } else if (c == '"') {
        in_string = false;
      }
      continue;
    }
    switch (c) {
      case '"':
        in_string = true;
        out += c;
        break;
      case '{':
      case '[':
        out += c;
        if (i + 1 < json.size() && (json[i + 1] == '}' || json[i + 1] == ']')) {
          out += json[++i];
        } else {
          ++depth;
          line();
        }
        break;
      case '}':
      case ']':
        --depth;
        line();
        out += c;
        break;
      case ',':
        out += c;
        line();
        break;
      case ':':
        out += ": ";
        break;
      default:
        out += c;
    }
  }
  return out;
}

http::Slice encode_document(const TypeMeta& type, const codec::Message& m, const void* object, Format format,
                            bool pretty) {
  std::string out;
  if (format == Format::Proto) {
    codec::encode_envelope(out, type, m, object);
    return http::Slice(std::move(out));
  }
  codec::encode_json(out, m, object, &type);
  if (format == Format::Yaml) {
    auto yaml = codec::json_to_yaml(out);
    if (yaml.ok()) return http::Slice(std::move(*yaml));
  }
  if (pretty) out = indent_json(out);
  return http::Slice(out + "\n");
}

http::Body encode_entry(const View& view, const Entry& entry) {
  if (view.media.transform == Transform::Table) {
    const Entry* one = &entry;
    return json_body({encode_table(view, std::span<const Entry* const>(&one, 1),
                                   {std::to_string(entry.revision()), "", {}}, true)},
                     view);
  }
  if (view.media.transform == Transform::PartialMetadata) {
    const auto partial = partial_of(entry);
    return {encode_document(partial_type(view, false), partial.descriptor(), &partial, view.media.format,
                            view.media.pretty)};
  }
  if (view.media.format == Format::Proto) {
    const http::Slice raw = bare_proto(view, entry);
    return {http::Slice(envelope_head(type_of(view), raw.size())), raw, http::Slice(nullptr, kEnvelopeTail)};
  }
  return json_body(object_json(type_of(view), bare_json(view, entry)), view);
}

http::Body encode_list(const View& view, const std::vector<EntryPtr>& entries, const ListMeta& meta) {
  if (view.media.transform == Transform::Table) {
    std::vector<const Entry*> rows;
    rows.reserve(entries.size());
    for (const EntryPtr& e : entries) rows.push_back(e.get());
    return json_body({encode_table(view, rows, meta, true)}, view);
  }
  const auto metadata = list_meta(meta);
  if (view.media.transform == Transform::PartialMetadataList) {
    meta::v1::PartialObjectMetadataList list;
    list.metadata = metadata;
    for (const EntryPtr& e : entries) list.items.push_back(partial_of(*e));
    return {encode_document(partial_type(view, true), list.descriptor(), &list, view.media.format,
                            view.media.pretty)};
  }
  const TypeMeta type{view.version->api_version(), std::string(view.resource->kind) + "List"};
  http::Body body;
  if (view.media.format == Format::Proto) {
    std::string head;
    std::string meta_bytes;
    codec::encode_proto(meta_bytes, metadata.descriptor(), &metadata);
    head += '\x0a';
    append_varint(head, meta_bytes.size());
    head += meta_bytes;
    size_t total = head.size();
    body.emplace_back();  // the envelope's head, once the length is known
    body.emplace_back(std::move(head));
    for (const EntryPtr& e : entries) {
      const http::Slice raw = bare_proto(view, *e);
      std::string tag(1, '\x12');
      append_varint(tag, raw.size());
      total += tag.size() + raw.size();
      body.emplace_back(std::move(tag));
      body.push_back(raw);
    }
    body[0] = http::Slice(envelope_head(type, total));
    body.emplace_back(nullptr, kEnvelopeTail);
    return body;
  }
  std::string head = json_prefix(type) + ",\"metadata\":";
  codec::encode_json(head, metadata.descriptor(), &metadata);
  head += ",\"items\":[";
  body.emplace_back(std::move(head));
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i) body.emplace_back(nullptr, ",");
    body.push_back(bare_json(view, *entries[i]));
  }
  body.emplace_back(nullptr, "]}");
  return json_body(std::move(body), view);
}

namespace {

std::string_view event_name(const Change& change) {
  switch (change.type) {
    case Change::Type::Added:
      return "ADDED";
    case Change::Type::Modified:
      return "MODIFIED";
    case Change::Type::Deleted:
      return "DELETED";
    default:
      return "BOOKMARK";
  }
}

/// The object of a watch event as JSON or protobuf envelope.
std::string event_object(const View& view, const Change& change, bool columns) {
  std::string out;
  const bool proto = view.media.format == Format::Proto;
  if (!change.entry) {
    machinery::MutableObject empty(view.media.transform == Transform::PartialMetadata ||
                                           view.media.transform == Transform::PartialMetadataList
                                       ? meta::v1::PartialObjectMetadata::descriptor()
                                       : *view.version->message);
    empty.meta().resourceVersion = std::to_string(change.revision);
    if (change.initial_end) empty.meta().annotations.set("k8s.io/initial-events-end", "true");
    const TypeMeta type = view.media.transform == Transform::None || view.media.transform == Transform::Table
                              ? type_of(view)
                              : partial_type(view, false);
    if (view.media.transform == Transform::Table) {
      out = std::string(encode_table(view, std::span<const Entry* const>(),
                                     {std::to_string(change.revision), "", {}}, columns)
                            .view());
    } else if (proto) {
      codec::encode_envelope(out, type, empty.message(), empty.get());
    } else {
      codec::encode_json(out, empty.message(), empty.get(), &type);
    }
    return out;
  }
  if (view.media.transform == Transform::Table) {
    const Entry* one = change.entry.get();
    return std::string(encode_table(view, std::span<const Entry* const>(&one, 1),
                                    {std::to_string(change.revision), "", {}}, columns)
                           .view());
  }
  if (view.media.transform != Transform::None) {
    const auto partial = partial_of(*change.entry);
    if (proto) {
      codec::encode_envelope(out, partial_type(view, false), partial.descriptor(), &partial);
    } else {
      const TypeMeta type = partial_type(view, false);
      codec::encode_json(out, partial.descriptor(), &partial, &type);
    }
    return out;
  }
  if (proto) {
    const http::Slice raw = bare_proto(view, *change.entry);
    out = envelope_head(type_of(view), raw.size());
    out += raw.view();
    out += kEnvelopeTail;
    return out;
  }
  for (const http::Slice& s : object_json(type_of(view), bare_json(view, *change.entry))) out += s.view();
  return out;
}

http::Slice frame(const View& view, std::string_view type, const std::string& object) {
  std::string out;
  if (view.media.format == Format::Proto) {
    meta::v1::WatchEvent event;
    event.type = type;
    event.object.text = object;
    std::string bytes;
    codec::encode_proto(bytes, event.descriptor(), &event);
    const uint32_t n = static_cast<uint32_t>(bytes.size());
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(n >> shift);
    return http::Slice(out + bytes);
  }
  out.reserve(object.size() + 40);
  out += "{\"type\":\"";
  out += type;
  out += "\",\"object\":";
  out += object;
  out += "}\n";
  return http::Slice(std::move(out));
}

}  // namespace

http::Slice encode_change(const View& view, const Change& change, bool columns) {
  return frame(view, event_name(change), event_object(view, change, columns));
}

http::Slice encode_watch_error(const View& view, const Error& error) {
  const meta::v1::Status status = status_of(error);
  std::string object;
  const TypeMeta type{"v1", "Status"};
  if (view.media.format == Format::Proto) {
    codec::encode_envelope(object, type, status.descriptor(), &status);
  } else {
    codec::encode_json(object, status.descriptor(), &status, &type);
  }
  return frame(view, "ERROR", object);
}

}  // namespace mizzen::apiserver
