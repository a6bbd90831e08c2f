#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message/headers.h"

namespace mizzen::apiserver {

enum class Format : uint8_t { Json, Yaml, Proto };

/// What kind of document the client wants instead of the object itself.
enum class Transform : uint8_t { None, Table, PartialMetadata, PartialMetadataList };

/// How to answer, as the Accept header asked for it.
struct MediaType {
  Format format = Format::Json;
  Transform transform = Transform::None;
  std::string transform_version = "v1";  ///< of meta.k8s.io: v1 or v1beta1
  bool pretty = false;
  /// Content-Type of a whole answer, and of a watch.
  std::string_view content_type() const;
  std::string_view stream_type() const;
};

/// One clause of an Accept header.
struct AcceptClause {
  std::string type;  ///< application/json
  std::string as, group, version, stream;
  double quality = 1;
};
/// The clauses, best first.
std::vector<AcceptClause> parse_accept(std::string_view header);

/// Picks the first clause that can be served. NotAcceptable with upstream's text, of which there are two: of
/// its router for types that nobody serves (it counts those of watches in where the path is a `collection`),
/// and of its negotiation for types that are served otherwise. `watch`: YAML is refused.
Result<MediaType> negotiate(const http::Headers& headers, bool pretty_query, bool watch,
                            bool collection = false);
/// The format of a request body. UnsupportedMediaType with upstream's text.
Result<Format> body_format(const http::Headers& headers);

}  // namespace mizzen::apiserver
