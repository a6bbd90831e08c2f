#pragma once
#include <string>
#include <string_view>

#include "client/api/api_client.h"
#include "machinery/schema/meta/v1/status.h"
#include "rest/wire/path.h"

/// Objects as bodies of requests and answers: protobuf where the server speaks it, JSON where it does not.
/// Pure.
namespace mizzen::rest {

inline constexpr std::string_view kProto = "application/vnd.kubernetes.protobuf";
inline constexpr std::string_view kJson = "application/json";

/// What a resource's answers are asked for as: its own kind, or the metadata alone where that is all that is
/// known of it.
std::string accept(const ResourceInfo& resource, bool list);
/// The same for a watch.
std::string accept_watch(const ResourceInfo& resource);

/// A request's body: `object` in the spoken version, or as the kind of the subresource.
std::string encode_body(const ResourceInfo& resource, const Object& object, const std::string& subresource);
std::string encode_body(const meta::v1::DeleteOptions& options);

/// One document of an answer: an object of `resource`, of a subresource's kind `part` (may be null), or a
/// Status.
struct Document {
  Object object;  ///< empty where a Status came
  meta::v1::Status status;
};
/// InternalError where it is none of them.
Result<Document> decode_document(const ResourceInfo& resource, const codec::Message* part,
                                 std::string_view content_type, std::string_view body);
Result<client::ObjectList> decode_list(const ResourceInfo& resource, std::string_view content_type,
                                       std::string_view body);
/// What the server says with a status above 299, or with a Status in a watch. Where the body is no Status,
/// as of what stands between, the error has its text.
Error error_of(const meta::v1::Status& status, int http_status);
Error decode_error(int http_status, std::string_view content_type, std::string_view body);

}  // namespace mizzen::rest
