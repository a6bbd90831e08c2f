#include "apiserver/answers/encode.h"

#include <fmt/format.h>

#include "api/registry/convert.h"
#include "apiserver/answers/status.h"
#include "apiserver/answers/table.h"
#include "codec/json/indent.h"
#include "codec/json/json_text.h"
#include "codec/proto/proto_codec.h"
#include "codec/proto/wire_fields.h"
#include "codec/transcode/proto_to_json.h"
#include "codec/yaml/yaml.h"
#include "machinery/schema/meta/v1/list_meta.h"
#include "machinery/schema/meta/v1/partial_object_metadata.h"
#include "machinery/schema/meta/v1/watch_event.h"

namespace mizzen::apiserver {
namespace {

using codec::append_varint;
using codec::TypeMeta;

bool in_storage_version(const View& view) { return view.version->message.get() == &view.resource->message(); }

TypeMeta type_of(const View& view) { return {view.version->api_version(), view.resource->kind}; }
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

/// The object's JSON without kind and apiVersion in the version asked for.
http::Slice bare_json(const View& view, const Entry& entry) {
  if (in_storage_version(view)) return entry.json();
  const auto wire = api::from_memory(*view.version, entry.object());
  std::string out;
  codec::encode_json(out, wire.message(), wire.get());
  return http::Slice(std::move(out));
}

http::Slice bare_proto(const View& view, const Entry& entry) {
  if (in_storage_version(view)) return entry.wire();
  const auto wire = api::from_memory(*view.version, entry.object());
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

/// A PartialObjectMetadata in protobuf: its only field is the first one of every object.
std::string partial_proto(const Entry& entry) {
  const std::string_view meta = machinery::metadata_in(entry.wire_view());
  std::string out = "\x0a";
  append_varint(out, meta.size());
  out += meta;
  return out;
}

std::string partial_envelope(const View& view, const Entry& entry) {
  const std::string raw = partial_proto(entry);
  return envelope_head(partial_type(view, false), raw.size()) + raw + std::string(kEnvelopeTail);
}

http::Body json_body(http::Body body, const View& view) {
  if (view.media.format == Format::Json && !view.media.pretty) {
    body.emplace_back("\n");
    return body;
  }
  std::string whole;
  for (const http::Slice& s : body) whole += s.view();
  if (view.media.format == Format::Json) return {http::Slice(codec::indent_json(whole) + "\n")};
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

std::string partial_json(const View& view, const Entry& entry, bool typed) {
  std::string out = typed ? json_prefix(partial_type(view, false)) + ",\"metadata\":" : "{\"metadata\":";
  codec::proto_to_json(out, meta::v1::ObjectMeta::descriptor(), machinery::metadata_in(entry.wire_view()));
  return out += '}';
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
  if (pretty) out = codec::indent_json(out);
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
    if (view.media.format != Format::Proto)
      return json_body({http::Slice(partial_json(view, entry, true))}, view);
    return {http::Slice(partial_envelope(view, entry))};
  }
  if (view.media.format == Format::Proto) {
    const http::Slice raw = bare_proto(view, entry);
    return {http::Slice(envelope_head(type_of(view), raw.size())), raw, http::Slice(nullptr, kEnvelopeTail)};
  }
  return json_body(object_json(type_of(view), bare_json(view, entry)), view);
}

namespace {

bool is_table(const View& view) { return view.media.transform == Transform::Table; }
bool is_partial(const View& view) {
  return view.media.transform == Transform::PartialMetadata ||
         view.media.transform == Transform::PartialMetadataList;
}

TypeMeta list_type(const View& view) {
  if (is_partial(view)) return partial_type(view, true);
  return {view.version->api_version(), view.resource->kind + "List"};
}

/// One item of a protobuf list, without its tag and length.
http::Slice proto_item(const View& view, const Entry& entry) {
  if (!is_partial(view)) return bare_proto(view, entry);
  return http::Slice(partial_proto(entry));
}

size_t varint_size(uint64_t v) {
  size_t n = 1;
  for (; v >= 0x80; v >>= 7) ++n;
  return n;
}

/// Field 1 of a list: its metadata.
std::string proto_list_meta(const ListMeta& meta) {
  const auto metadata = list_meta(meta);
  std::string bytes;
  codec::encode_proto(bytes, metadata.descriptor(), &metadata);
  std::string out = "\x0a";
  append_varint(out, bytes.size());
  return out + bytes;
}

}  // namespace

ListPieces::ListPieces(const View& view, ListMeta meta, bool keeps_json)
    : view_(view),
      meta_(std::move(meta)),
      plain_table_(is_table(view) && default_columns(view)),
      keeps_json_(keeps_json) {}

bool ListPieces::measured() const { return view_.media.format == Format::Proto && !is_table(view_); }

void ListPieces::measure(const Entry& entry) {
  const size_t n =
      !is_partial(view_) && in_storage_version(view_) ? entry.wire().size() : proto_item(view_, entry).size();
  measured_ += 1 + varint_size(n) + n;
}

void ListPieces::head(std::string& out) const {
  if (is_table(view_)) return append_table_head(out, view_, meta_, true);
  if (measured()) {
    const std::string meta = proto_list_meta(meta_);
    out += envelope_head(list_type(view_), meta.size() + measured_);
    out += meta;
    return;
  }
  out += json_prefix(list_type(view_)) + ",\"metadata\":";
  const auto metadata = list_meta(meta_);
  codec::encode_json(out, metadata.descriptor(), &metadata);
  out += ",\"items\":[";
}

void ListPieces::item(std::string& out, const Entry& entry, bool first) const {
  if (measured()) {
    const http::Slice raw = proto_item(view_, entry);
    out += '\x12';
    append_varint(out, raw.size());
    out += raw.view();
    return;
  }
  if (!first) out += ',';
  if (is_table(view_)) return append_table_row(out, view_, entry, plain_table_);
  if (is_partial(view_)) {
    out += partial_json(view_, entry, false);
    return;
  }
  if (in_storage_version(view_) && !keeps_json_)
    codec::proto_to_json(out, view_.resource->message(), entry.wire_view());
  else
    out += bare_json(view_, entry).view();
}

void ListPieces::tail(std::string& out) const {
  if (measured()) {
    out += kEnvelopeTail;
  } else {
    out += "]}\n";
  }
}

bool json_fits(const std::vector<EntryPtr>& entries) {
  constexpr size_t kSample = 16;
  constexpr size_t kJsonFactor = 2;  ///< of the bytes in protobuf, about
  if (entries.empty()) return false;
  size_t bytes = 0, looked = 0;
  for (; looked < std::min(kSample, entries.size()); ++looked) bytes += entries[looked]->wire_view().size();
  return bytes / looked * entries.size() * kJsonFactor <= entries[0]->home()->companions().bytes_max();
}

http::Body encode_list(const View& view, const std::vector<EntryPtr>& entries, const ListMeta& meta) {
  ListPieces pieces(view, meta, json_fits(entries));
  if (pieces.measured())
    for (const EntryPtr& e : entries) pieces.measure(*e);
  std::string whole;
  pieces.head(whole);
  for (size_t i = 0; i < entries.size(); ++i) pieces.item(whole, *entries[i], i == 0);
  pieces.tail(whole);
  if (ListPieces::possible(view)) return {http::Slice(std::move(whole))};
  whole.pop_back();  // the newline; json_body ends the text as its form does
  http::Body body;
  body.emplace_back(std::move(whole));
  return json_body(std::move(body), view);
}

namespace {

std::string_view event_name(ChangeType type) {
  switch (type) {
    case ChangeType::Added:
      return "ADDED";
    case ChangeType::Modified:
      return "MODIFIED";
    case ChangeType::Deleted:
      return "DELETED";
    default:
      return "BOOKMARK";
  }
}

std::string document(const View& view, const TypeMeta& type, const codec::Message& m, const void* object) {
  std::string out;
  if (view.media.format == Format::Proto) {
    codec::encode_envelope(out, type, m, object);
  } else {
    codec::encode_json(out, m, object, &type);
  }
  return out;
}

/// The object of a watch event as JSON or protobuf envelope.
std::string event_object(const View& view, const Entry& entry, bool columns) {
  if (is_table(view)) {
    const Entry* one = &entry;
    return std::string(encode_table(view, std::span<const Entry* const>(&one, 1),
                                    {std::to_string(entry.revision()), "", {}}, columns)
                           .view());
  }
  if (is_partial(view)) {
    if (view.media.format != Format::Proto) return partial_json(view, entry, true);
    return partial_envelope(view, entry);
  }
  std::string out;
  if (view.media.format == Format::Proto) {
    const http::Slice raw = bare_proto(view, entry);
    out = envelope_head(type_of(view), raw.size());
    out += raw.view();
    out += kEnvelopeTail;
    return out;
  }
  for (const http::Slice& s : object_json(type_of(view), bare_json(view, entry))) out += s.view();
  return out;
}

std::string bookmark_object(const View& view, int64_t revision, bool initial_end, bool columns) {
  if (is_table(view))
    return std::string(
        encode_table(view, std::span<const Entry* const>(), {std::to_string(revision), "", {}}, columns)
            .view());
  machinery::MutableObject empty(is_partial(view) ? meta::v1::PartialObjectMetadata::descriptor()
                                                  : *view.version->message);
  empty.meta().resourceVersion = std::to_string(revision);
  if (initial_end) empty.meta().annotations.set("k8s.io/initial-events-end", "true");
  return document(view, is_partial(view) ? partial_type(view, false) : type_of(view), empty.message(),
                  empty.get());
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

http::Slice encode_event(const View& view, ChangeType type, const Entry& entry, bool columns) {
  return frame(view, event_name(type), event_object(view, entry, columns));
}

http::Slice encode_bookmark(const View& view, int64_t revision, bool initial_end, bool columns) {
  return frame(view, "BOOKMARK", bookmark_object(view, revision, initial_end, columns));
}

uint64_t frame_form(const View& view, ChangeType type) {
  // Versions are few and live as long as the resource; user addresses have 47 bits.
  uint64_t form = reinterpret_cast<uintptr_t>(view.version);
  const auto add = [&form](uint64_t value, int bits) { form = form << bits | value; };
  add(static_cast<uint64_t>(view.media.format), 2);
  add(static_cast<uint64_t>(view.media.transform), 2);
  add(view.media.transform_version == "v1", 1);
  add(view.include_object == "None" ? 0 : view.include_object == "Object" ? 1 : 2, 2);
  add(static_cast<uint64_t>(type), 2);
  return form;
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
