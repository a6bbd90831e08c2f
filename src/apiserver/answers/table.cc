#include "apiserver/answers/table.h"

#include "codec/json/json_text.h"
#include "machinery/schema/meta/v1/list_meta.h"

namespace mizzen::apiserver {
namespace {

void append_columns(std::string& out, const std::vector<api::TableColumn>& columns) {
  out += '[';
  for (size_t i = 0; i < columns.size(); ++i) {
    const api::TableColumn& c = columns[i];
    out += i ? ",{\"name\":" : "{\"name\":";
    codec::append_json_string(out, c.name);
    out += ",\"type\":";
    codec::append_json_string(out, c.type);
    out += ",\"format\":";
    codec::append_json_string(out, c.format);
    out += ",\"description\":";
    codec::append_json_string(out, c.description);
    out += ",\"priority\":" + std::to_string(c.priority) + "}";
  }
  out += ']';
}

void append_row_object(std::string& out, const View& view, const Entry& entry) {
  if (view.include_object == "None") {
    out += "null";
    return;
  }
  if (view.include_object == "Object") {
    View plain = view;
    plain.media.transform = Transform::None;
    plain.media.format = Format::Json;
    plain.media.pretty = false;
    std::string text;
    for (const http::Slice& s : encode_entry(plain, entry)) text += s.view();
    while (!text.empty() && text.back() == '\n') text.pop_back();
    out += text;
    return;
  }
  out += partial_json(view, entry, true);
}

}  // namespace

bool default_columns(const View& view) {
  const auto columns = view.resource->strategy->table_columns();
  return columns.size() == 2 && columns[1].name == "Age";
}

void append_table_head(std::string& out, const View& view, const ListMeta& meta, bool columns) {
  out +=
      "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/" + view.media.transform_version + "\",\"metadata\":";
  meta::v1::ListMeta metadata;
  metadata.resourceVersion = meta.resource_version;
  metadata.continue_ = meta.continue_token;
  metadata.remainingItemCount = meta.remaining;
  codec::encode_json(out, metadata.descriptor(), &metadata);
  out += ",\"columnDefinitions\":";
  if (columns) {
    append_columns(out, view.resource->strategy->table_columns());
  } else {
    out += "null";
  }
  out += ",\"rows\":[";
}

void append_table_row(std::string& out, const View& view, const Entry& entry, bool plain) {
  const Object object = entry.object();
  out += "{\"cells\":[";
  const api::TableCells cells =
      plain ? api::TableCells{api::cell(object.meta().name),
                              api::age_cell(object.meta().creationTimestamp, view.now)}
            : view.resource->strategy->table_row(object.get(), view.now);
  for (size_t c = 0; c < cells.size(); ++c) {
    if (c) out += ',';
    out += cells[c];
  }
  out += "],\"object\":";
  append_row_object(out, view, entry);
  out += '}';
}

http::Slice encode_table(const View& view, std::span<const Entry* const> rows, const ListMeta& meta,
                         bool columns) {
  std::string out;
  append_table_head(out, view, meta, columns);
  const bool plain = default_columns(view);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i) out += ',';
    append_table_row(out, view, *rows[i], plain);
  }
  out += "]}";
  return http::Slice(std::move(out));
}

}  // namespace mizzen::apiserver
