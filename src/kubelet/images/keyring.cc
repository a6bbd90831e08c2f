#include "kubelet/images/keyring.h"

#include <fnmatch.h>

#include <algorithm>

#include "base/strings.h"
#include "codec/json/tree.h"

namespace mizzen::kubelet {
namespace {

/// Without a scheme, and without the version that docker's clients append to a host.
std::string key_of(std::string_view location) {
  for (const std::string_view scheme : {"https://", "http://"})
    if (location.starts_with(scheme)) location.remove_prefix(scheme.size());
  const auto slash = location.find('/');
  std::string host(location.substr(0, slash));
  std::string_view path = slash == std::string_view::npos ? std::string_view() : location.substr(slash);
  if (path.starts_with("/v2/") || path.starts_with("/v1/")) path.remove_prefix(3);
  if (path == "/") path = {};
  return host + std::string(path);
}

/// With its registry: docker.io/library/nginx of nginx.
std::string whole_name(const std::string& image) {
  const auto slash = image.find('/');
  if (slash == std::string::npos) return "docker.io/library/" + image;
  const auto first = image.substr(0, slash);
  const bool names_registry = first == "localhost" || first.find_first_of(".:") != std::string::npos;
  return names_registry ? image : "docker.io/" + image;
}

struct Place {
  std::vector<std::string_view> host;
  std::string_view port, path;
};
Place place_of(std::string_view url) {
  Place out;
  const auto slash = url.find('/');
  std::string_view host = url.substr(0, slash);
  if (slash != std::string_view::npos) out.path = url.substr(slash);
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    out.port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  out.host = split(host, '.');
  return out;
}

std::string text_of(const codec::Value& in, std::string_view name) {
  const auto* found = in.find(name);
  return found && found->is_string() ? found->text() : std::string();
}

/// `auth` is base64 of user:password, and counts before the two.
Result<cri::v1::AuthConfig> auth_of(const codec::Value& entry) {
  cri::v1::AuthConfig out;
  out.username = text_of(entry, "username");
  out.password = text_of(entry, "password");
  out.identity_token = text_of(entry, "identitytoken");
  out.registry_token = text_of(entry, "registrytoken");
  std::string packed = text_of(entry, "auth");
  if (packed.empty()) return out;
  while (packed.size() % 4 != 0) packed += '=';
  const auto both = base64_decode(packed);
  const auto colon = both ? both->find(':') : std::string::npos;
  if (colon == std::string::npos)
    return Error(Code::BadRequest,
                 "unable to parse auth field, must be formatted as base64(username:password)");
  out.username = both->substr(0, colon);
  out.password = both->substr(colon + 1);
  return out;
}

}  // namespace

bool key_matches(std::string_view key, std::string_view image) {
  const Place wanted = place_of(key), asked = place_of(image);
  if (wanted.port != asked.port || wanted.host.size() != asked.host.size()) return false;
  if (!asked.path.starts_with(wanted.path)) return false;
  for (size_t i = 0; i < wanted.host.size(); ++i) {
    if (::fnmatch(std::string(wanted.host[i]).c_str(), std::string(asked.host[i]).c_str(), 0) != 0)
      return false;
  }
  return true;
}

Result<void> Keyring::add(const api::core::v1::Secret& secret) {
  const bool is_new = secret.type == "kubernetes.io/dockerconfigjson";
  if (!is_new && secret.type != "kubernetes.io/dockercfg") return {};
  const auto* text = secret.data.find(is_new ? ".dockerconfigjson" : ".dockercfg");
  if (!text || text->empty()) return {};
  MZ_ASSIGN(const auto document, codec::Value::parse(*text));
  const codec::Value* hosts = is_new && document.is_object() ? document.find("auths") : &document;
  if (!hosts || hosts->is_null()) return {};
  if (!hosts->is_object()) return Error(Code::BadRequest, "error occurred while trying to unmarshal json");
  for (const auto& [location, entry] : hosts->members()) {
    if (entry.is_null()) continue;
    if (!entry.is_object()) return Error(Code::BadRequest, "error occurred while trying to unmarshal json");
    Credential credential;
    MZ_ASSIGN(credential.auth, auth_of(entry));
    const auto& auth = credential.auth;
    const auto& meta = secret.metadata;
    credential.secret = {
        meta.uid, meta.namespace_, meta.name,
        credential_hash({location, auth.username, auth.password, auth.identity_token, auth.registry_token})};
    by_key_[key_of(location)].push_back(std::move(credential));
  }
  return {};
}

Credentials Keyring::find(const std::string& image) const {
  const std::string whole = whole_name(image);
  Credentials out;
  for (const auto& [key, credentials] : by_key_)
    if (key_matches(key, whole)) out.insert(out.end(), credentials.begin(), credentials.end());
  if (!out.empty() || !(whole.starts_with("docker.io/") || whole.starts_with("index.docker.io/"))) return out;
  // Docker's own registry under its other names.
  for (const char* name : {"index.docker.io", "docker.io", "registry-1.docker.io"})
    if (const auto found = by_key_.find(name); found != by_key_.end())
      out.insert(out.end(), found->second.begin(), found->second.end());
  return out;
}

}  // namespace mizzen::kubelet
