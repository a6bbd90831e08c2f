#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/registry/registry.h"
#include "auth/tokens/token_keys.h"
#include "base/result.h"
#include "http/exchange/exchange.h"

namespace mizzen::apiserver {

/// A document ready to be sent.
struct Document {
  int status = 200;
  http::Headers headers;
  http::Body body;
  http::Slice gzipped;  ///< the body compressed once; empty for small ones
};

/// Role: discovery, version and OpenAPI, made from one snapshot of the registry, and OpenID discovery of the
/// keys that tokens are signed with (null: there is none); kept encoded. Threading: immutable.
struct StaticDocuments;
std::shared_ptr<const StaticDocuments> make_documents(api::RegistryPtr registry, std::string external_address,
                                                      const auth::TokenKeys* keys);
/// The document at this path; nothing where there is none. Errors: NotAcceptable.
std::optional<Result<Document>> find_document(const StaticDocuments& documents, const http::Request& request,
                                              const std::vector<std::string>& segments);

}  // namespace mizzen::apiserver
