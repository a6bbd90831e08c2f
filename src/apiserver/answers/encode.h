#pragma once
#include <string>
#include <vector>

#include "apiserver/cache/cache.h"
#include "apiserver/request/negotiation.h"
#include "codec/json/json_codec.h"
#include "http/message/slice.h"

/// Objects as answers: encoded once where possible, shared by everyone who asks.
namespace mizzen::apiserver {

/// How one request wants its objects.
struct View {
  const api::ResourceInfo* resource = nullptr;
  const api::ServedVersion* version = nullptr;
  MediaType media;
  std::string include_object = "Metadata";  ///< of a Table: None, Metadata, Object
  WallTime now;
};

/// One object as the whole body of an answer.
http::Body encode_entry(const View& view, const Entry& entry);
/// A list. `page` is in key order.
struct ListMeta {
  std::string resource_version;
  std::string continue_token;
  std::optional<int64_t> remaining;
};
http::Body encode_list(const View& view, const std::vector<EntryPtr>& entries, const ListMeta& meta);

/// One frame of a watch. `columns` is true for the first frame of a Table watch.
http::Slice encode_change(const View& view, const Change& change, bool columns);
http::Slice encode_watch_error(const View& view, const Error& error);

/// Any document with kind and apiVersion.
http::Slice encode_document(const codec::TypeMeta& type, const codec::Message& m, const void* object,
                            Format format, bool pretty);
/// JSON with two-space indentation, as Go's MarshalIndent.
std::string indent_json(std::string_view json);

}  // namespace mizzen::apiserver
