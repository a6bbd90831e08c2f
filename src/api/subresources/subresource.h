#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/subresources/verb.h"
#include "codec/json/json_codec.h"

namespace mizzen::api {

/// The subresources that resources may have, and what answers resources that are not stored;
/// subresource_row() says what each one is.
enum class Subresource : uint8_t {
  Status,
  Scale,
  Binding,
  Eviction,
  Log,
  Exec,
  Attach,
  PortForward,
  Proxy,
  Finalize,
  EphemeralContainers,
  Token,
  TokenReview,
  SelfSubjectReview
};
inline constexpr size_t kSubresources = 14;

/// Who answers a subresource.
enum class Handled : uint8_t {
  Store,  ///< by reading or writing the object as stored, as the resource itself is (status); Strategy's part
          ///< hooks say what of it
  Part,   ///< by a function of its own that changes one part of the object (scale, binding ...)
  Session,  ///< by the node the pod runs on: bytes pass, for as long as it takes
  Proxy     ///< by the pod: whatever was asked is passed on
};

/// Role: one row of the table of subresources: all that routing, loopback, discovery, OpenAPI and metrics
/// know of one. Threading: immutable.
struct SubresourceRow {
  Subresource id;
  std::string_view name;    ///< as in the URL; empty: it answers a resource of its own
  std::vector<Verb> verbs;  ///< in discovery's order
  Handled handled;
  /// The kind it takes and answers; empty: the resource's own.
  std::string_view kind;
  std::string_view api_version;
  /// The kind's name begins with the resource's: PodProxyOptions, ServiceProxyOptions.
  bool kind_after_resource = false;

  /// Session and Proxy: what upstream counts and admits as CONNECT.
  bool connects() const { return handled == Handled::Session || handled == Handled::Proxy; }
  bool allows(Verb verb) const;
};

/// All rows, in the order of the enum.
std::span<const SubresourceRow> subresource_rows();
const SubresourceRow& subresource_row(Subresource s);
/// By its name in the URL; nullptr where no resource has such a one.
const SubresourceRow* find_subresource(std::string_view name);

}  // namespace mizzen::api
