#pragma once
#include <string>
#include <vector>

#include "apiserver/cache/change.h"
#include "apiserver/request/negotiation.h"
#include "codec/json/json_codec.h"
#include "http/message/slice.h"

/// Objects as answers: encoded once where possible, shared by everyone who asks.
namespace mizzen::apiserver {

/// How one request wants its objects.
struct View {
  api::ResourcePtr resource;
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

/// Role: a list written piece by piece, so that nobody holds all of it. The pieces one after the other are
/// what encode_list makes. Not for YAML or indented JSON, which have to see the whole. Threading: a plain
/// value.
class ListPieces {
 public:
  static bool possible(const View& view) {
    return view.media.format == Format::Proto || (view.media.format == Format::Json && !view.media.pretty);
  }
  /// `keeps_json`: the list is small enough for its objects' JSON to be kept for the next one.
  ListPieces(const View& view, ListMeta meta, bool keeps_json);

  /// Protobuf says how long it is before it begins: each entry is measured once, then written once.
  bool measured() const;
  void measure(const Entry& entry);
  void head(std::string& out) const;
  void item(std::string& out, const Entry& entry, bool first) const;
  void tail(std::string& out) const;

 private:
  const View& view_;
  const ListMeta meta_;
  const bool plain_table_;
  const bool keeps_json_;
  size_t measured_ = 0;
};

/// True where the JSON of all these, by the size of the first ones, has room among what is kept.
bool json_fits(const std::vector<EntryPtr>& entries);

/// One frame of a watch: the object as what happened to it. `columns` is true for the first frame of a Table
/// watch.
http::Slice encode_event(const View& view, ChangeType type, const Entry& entry, bool columns);
/// The same for a bookmark; `initial_end`: the one that ends the initial events.
http::Slice encode_bookmark(const View& view, int64_t revision, bool initial_end, bool columns);
/// The same number for all views whose frames of a change are the same bytes. Requires a version.
uint64_t frame_form(const View& view, ChangeType type);
http::Slice encode_watch_error(const View& view, const Error& error);

/// Any document with kind and apiVersion.
http::Slice encode_document(const codec::TypeMeta& type, const codec::Message& m, const void* object,
                            Format format, bool pretty);
/// The object's metadata as a PartialObjectMetadata in JSON; `typed`: with kind and apiVersion.
std::string partial_json(const View& view, const Entry& entry, bool typed);

}  // namespace mizzen::apiserver
