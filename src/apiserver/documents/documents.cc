#include "apiserver/documents/documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "api/openapi/openapi.h"
#include "api/schema/apidiscovery/v2/api_group_discovery.h"
#include "apiserver/answers/encode.h"
#include "apiserver/documents/discovery.h"
#include "apiserver/request/negotiation.h"
#include "auth/tokens/token_options.h"
#include "base/strings.h"
#include "base/version.h"
#include "codec/json/indent.h"
#include "http/message/gzip.h"

namespace mizzen::apiserver {
namespace {

constexpr std::string_view kOpenApiV2Proto = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

constexpr const char* kOpenIdConfiguration = ".well-known/openid-configuration";
constexpr const char* kJsonWebKeys = "openid/v1/jwks";

/// A body with its compressed form and its ETag.
struct Encoded {
  http::Slice body;
  http::Slice gzipped;
  std::string etag;
};

Encoded encoded(std::string text) {
  Encoded out;
  out.etag = "\"" + content_hash(text) + "\"";
  out.body = http::Slice(std::move(text));
  if (out.body.size() > http::kGzipBytesMin) out.gzipped = http::gzip({out.body}, http::kGzipLevel);
  return out;
}

}  // namespace

struct StaticDocuments {
  LegacyDiscovery legacy;
  std::string version;
  /// By path: type and text.
  std::map<std::string, std::pair<std::string, std::string>> openid;
  /// Made at first use: an idle server keeps none of them.
  mutable Mutex m;
  mutable std::map<std::string, std::shared_ptr<const Encoded>> openapi MZ_GUARDED_BY(m);
  api::RegistryPtr registry;

  std::shared_ptr<const Encoded> lazily(const std::string& key,
                                        const std::function<std::string()>& make) const {
    {
      Lock lock(m);
      if (const auto it = openapi.find(key); it != openapi.end()) return it->second;
    }
    // Made without the lock: the index asks for every document. Two makers at once make the same.
    auto made = std::make_shared<const Encoded>(encoded(make()));
    Lock lock(m);
    return openapi.emplace(key, std::move(made)).first->second;
  }
};

std::shared_ptr<const StaticDocuments> make_documents(api::RegistryPtr registry, std::string external_address,
                                                      const auth::TokenKeys* keys) {
  auto out = std::make_shared<StaticDocuments>();
  out->legacy = make_legacy_discovery(*registry, external_address);
  out->registry = std::move(registry);
  if (keys && auth::discoverable(keys->issuer())) {
    out->openid = {{kOpenIdConfiguration, {"application/json", auth::openid_configuration(*keys)}},
                   {kJsonWebKeys, {"application/jwk-set+json", auth::json_web_keys(*keys)}}};
    auto& paths = out->legacy.root_paths;
    for (const auto& [path, document] : out->openid) paths.push_back("/" + path);
    std::sort(paths.begin(), paths.end());
  }
  out->version = codec::indent_json(fmt::format(
      R"({{"major":"1","minor":"36","emulationMajor":"1","emulationMinor":"36","minCompatibilityMajor":"1","minCompatibilityMinor":"35",)"
      R"("gitVersion":"v1.36.2+mizzen.{}","gitCommit":"{}","gitTreeState":"clean","buildDate":"{}",)"
      R"("goVersion":"none","compiler":"{}","platform":"linux/amd64"}})",
      kVersion, kCommit, kBuildDate, kCompiler));
  return out;
}

namespace {

Document respond_encoded(const Encoded& e, std::string_view type, const http::Request& request, bool etag) {
  Document d;
  d.headers.add("Content-Type", std::string(type));
  if (etag) {
    d.headers.add("ETag", e.etag);
    d.headers.add("Vary", "Accept");
    if (request.headers.get("If-None-Match") == e.etag) {
      d.status = 304;
      return d;
    }
  }
  d.body = {e.body};
  d.gzipped = e.gzipped;
  return d;
}

/// The version of aggregated discovery that is asked for first; empty where the plain documents are.
std::string_view wants_aggregated(const http::Headers& headers) {
  std::string accept;
  for (std::string_view v : headers.all("Accept")) accept += (accept.empty() ? "" : ",") + std::string(v);
  for (const AcceptClause& c : parse_accept(accept)) {
    if (c.as == "APIGroupDiscoveryList" && c.group == "apidiscovery.k8s.io") {
      if (c.version == "v2") return "v2";
      if (c.version == "v2beta1") return "v2beta1";
    }
    if (c.as.empty() && (c.type == "application/json" || c.type == "*/*" || c.type == "application/*"))
      return "";
  }
  return "";
}

bool accepts(const http::Headers& headers, std::initializer_list<std::string_view> types) {
  for (std::string_view v : headers.all("Accept"))
    for (const AcceptClause& c : parse_accept(v))
      for (std::string_view t : types)
        if (c.type == t) return true;
  return false;
}

Result<Document> legacy(const Discovered& d, const http::Request& request) {
  MZ_ASSIGN(const MediaType media, negotiate(request.headers, false, false));
  Document out;
  out.headers.add("Content-Type", std::string(media.content_type()));
  out.body = {encode_document(d.type, d.object.message(), d.object.get(), media.format, media.pretty)};
  return out;
}

Result<Document> openapi_v2(const StaticDocuments& documents, const http::Request& request,
                            bool forced_proto) {
  const bool proto = forced_proto ||
                     accepts(request.headers,
                             {kOpenApiV2Proto, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"});
  const auto doc = documents.lazily(proto ? "v2 proto" : "v2 json", [&] {
    return proto ? api::openapi_v2_proto(*documents.registry) : api::openapi_v2_json(*documents.registry);
  });
  return respond_encoded(*doc, proto ? kOpenApiV2Proto : "application/json", request, true);
}

std::optional<Result<Document>> openapi_v3(const StaticDocuments& documents, const http::Request& request,
                                           const std::vector<std::string>& segments) {
  const auto document_of = [&](const std::string& path) -> std::shared_ptr<const Encoded> {
    const auto parts = split(path, '/');
    std::string group, version;
    if (parts.size() == 2 && parts[0] == "api") {
      version = parts[1];
    } else if (parts.size() == 3 && parts[0] == "apis") {
      group = parts[1];
      version = parts[2];
    } else {
      return nullptr;
    }
    bool served = false;
    for (const api::ResourceInfo& r : documents.registry->resources())
      for (const api::ServedVersion& v : r.versions) served |= v.group == group && v.version == version;
    if (!served) return nullptr;
    return documents.lazily("v3 " + path,
                            [&] { return api::openapi_v3_json(*documents.registry, group, version); });
  };
  if (segments.size() == 2) {
    const auto index = documents.lazily("v3 index", [&] {
      std::string out = "{\"paths\":{";
      bool first = true;
      for (const std::string& gv : documents.legacy.group_versions) {
        const auto doc = document_of(gv);
        if (!doc) continue;
        out += fmt::format("{}\"{}\":{{\"serverRelativeURL\":\"/openapi/v3/{}?hash={}\"}}", first ? "" : ",",
                           gv, gv, doc->etag.substr(1, doc->etag.size() - 2));
        first = false;
      }
      return out + "}}";
    });
    return respond_encoded(*index, "application/json", request, true);
  }
  std::string path;
  for (size_t i = 2; i < segments.size(); ++i) path += (i > 2 ? "/" : "") + segments[i];
  // JSON only: what every client so far falls back to, and kubectl asks for in the first place.
  if (const auto media = negotiate(request.headers, false, false); !media.ok()) return media.error();
  const auto doc = document_of(path);
  if (!doc) return std::nullopt;
  Document d = respond_encoded(*doc, "application/json", request, true);
  if (request.query.starts_with("hash=")) d.headers.set("Cache-Control", "public, immutable");
  return d;
}

}  // namespace

std::optional<Result<Document>> find_document(const StaticDocuments& documents, const http::Request& request,
                                              const std::vector<std::string>& segments) {
  if (segments.empty()) {
    Document d;
    d.headers.add("Content-Type", "application/json");
    std::string out = "{\"paths\":[";
    for (size_t i = 0; i < documents.legacy.root_paths.size(); ++i)
      out += (i ? ",\"" : "\"") + documents.legacy.root_paths[i] + "\"";
    d.body = {http::Slice(codec::indent_json(out + "]}"))};
    return d;
  }
  if (segments.size() == 1 && segments[0] == "version") {
    Document d;
    d.headers.add("Content-Type", "application/json");
    d.body = {http::Slice(documents.version)};
    return d;
  }
  if (segments[0] == "openapi" && segments.size() == 2 && segments[1] == "v2")
    return openapi_v2(documents, request, false);
  if (segments.size() == 1 && segments[0] == "swagger-2.0.0.pb-v1")
    return openapi_v2(documents, request, true);
  if (segments[0] == "openapi" && segments.size() >= 2 && segments[1] == "v3")
    return openapi_v3(documents, request, segments);
  const bool root = segments.size() == 1 && (segments[0] == "api" || segments[0] == "apis");
  if (const std::string_view version = root ? wants_aggregated(request.headers) : ""; !version.empty()) {
    const auto list = documents.lazily(fmt::format("{} {}", segments[0], version), [&] {
      return make_aggregated_discovery(*documents.registry, segments[0] == "api", version);
    });
    const std::string type =
        fmt::format("application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList", version);
    Document d = respond_encoded(*list, type, request, true);
    d.headers.set("Cache-Control", "public");
    return d;
  }
  std::string path = join({segments.begin(), segments.end()}, "/");
  if (const auto it = documents.openid.find(path); it != documents.openid.end()) {
    Document d;
    d.headers.add("Content-Type", it->second.first);
    d.headers.add("Cache-Control", "public, max-age=3600");
    d.body = {http::Slice(it->second.second)};
    return d;
  }
  const auto it = documents.legacy.documents.find(path);
  if (it == documents.legacy.documents.end()) return std::nullopt;
  return legacy(it->second, request);
}

}  // namespace mizzen::apiserver
