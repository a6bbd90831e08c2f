#include "rest/config/kubeconfig.h"

#include <fmt/format.h>

#include <array>

#include "base/file.h"
#include "base/strings.h"
#include "codec/json/tree.h"
#include "codec/yaml/yaml.h"

namespace mizzen::rest {
namespace {

using codec::Value;

Error bad(std::string_view field, std::string_view why) {
  return Error(Code::BadRequest, fmt::format("kubeconfig: {}: {}", field, why));
}

/// One object of the file, with the way to it for errors.
class Section {
 public:
  Section(const Value* value, std::string path) : value_(value), path_(std::move(path)) {}

  Result<std::string> text(std::string_view field) const {
    const Value* v = find(field);
    if (!v || v->is_null()) return std::string();
    if (!v->is_string()) return bad(at(field), "must be a string");
    return v->text();
  }
  Result<bool> flag(std::string_view field) const {
    const Value* v = find(field);
    if (!v || v->is_null()) return false;
    if (!v->is_bool()) return bad(at(field), "must be true or false");
    return v->as_bool();
  }
  bool has(std::string_view field) const {
    const Value* v = find(field);
    return v && !v->is_null() && !(v->is_string() && v->text().empty());
  }
  const Value* find(std::string_view field) const {
    return value_ && value_->is_object() ? value_->find(field) : nullptr;
  }
  std::string at(std::string_view field) const { return fmt::format("{}.{}", path_, field); }

 private:
  const Value* value_;
  std::string path_;
};

/// `part` of the entry called `name` in the list `list`: clusters[name].cluster.
Result<Section> find_entry(const Value& file, std::string_view list, std::string_view part,
                           const std::string& name) {
  const Value* entries = file.find(list);
  if (entries && !entries->is_null() && !entries->is_array()) return bad(list, "must be a list");
  if (entries)
    for (const Value& entry : entries->items()) {
      const Value* called = entry.is_object() ? entry.find("name") : nullptr;
      if (called && called->is_string() && called->text() == name)
        return Section(entry.find(part), fmt::format("{}[{}].{}", list, name, part));
    }
  return bad(list, fmt::format("\"{}\" does not exist", name));
}

Result<std::string> file_text(const std::string& folder, const std::string& path) {
  auto text = read_file(path.starts_with('/') ? path : folder + "/" + path);
  if (!text.ok()) return text.error().with_context("kubeconfig");
  return std::move(*text);
}

/// PEM that stands in the file itself as base64, or in another one: `-data` wins.
Result<std::string> pem(const Section& section, const std::string& field, const std::string& folder) {
  MZ_ASSIGN(const std::string data, section.text(field + "-data"));
  if (!data.empty()) {
    auto decoded = base64_decode(data);
    if (!decoded) return bad(section.at(field + "-data"), "illegal base64 data");
    return std::move(*decoded);
  }
  MZ_ASSIGN(const std::string path, section.text(field));
  if (path.empty()) return std::string();
  return file_text(folder, path);
}

Result<void> refuse(const Section& section, std::initializer_list<std::string_view> fields) {
  for (const std::string_view field : fields)
    if (section.has(field)) return bad(section.at(field), "is not supported");
  return {};
}

Result<void> read_cluster(const Section& cluster, const std::string& folder, RestConfig& out) {
  MZ_TRY(refuse(cluster, {"proxy-url"}));
  MZ_ASSIGN(out.tls.ca_pem, pem(cluster, "certificate-authority", folder));
  MZ_ASSIGN(out.tls.insecure_skip_verify, cluster.flag("insecure-skip-tls-verify"));
  MZ_ASSIGN(out.tls.server_name, cluster.text("tls-server-name"));
  if (out.tls.insecure_skip_verify && !out.tls.ca_pem.empty())
    return bad(cluster.at("insecure-skip-tls-verify"),
               "specifying a root certificates file with the insecure flag is not allowed");
  MZ_ASSIGN(std::string server, cluster.text("server"));
  if (server.empty()) return bad(cluster.at("server"), "must be set");
  if (server.find("://") == std::string::npos) server = "http://" + server;
  auto url = http::parse_url(server);
  if (!url.ok()) return bad(cluster.at("server"), url.error().message());
  if (!url->query.empty()) return bad(cluster.at("server"), "must have no query");
  out.server = url->target;
  out.base_path = url->path;
  while (out.base_path.ends_with('/')) out.base_path.pop_back();
  return {};
}

Result<void> read_impersonation(const Section& user, RestConfig& out) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kNames = {
      {{"as", "Impersonate-User"}, {"as-uid", "Impersonate-Uid"}}};
  for (const auto& [field, header] : kNames) {
    MZ_ASSIGN(const std::string value, user.text(field));
    if (!value.empty()) out.impersonation.emplace_back(header, value);
  }
  const Value* groups = user.find("as-groups");
  if (groups && !groups->is_null() && !groups->is_array()) return bad(user.at("as-groups"), "must be a list");
  if (groups)
    for (const Value& group : groups->items()) {
      if (!group.is_string()) return bad(user.at("as-groups"), "must have strings only");
      out.impersonation.emplace_back("Impersonate-Group", group.text());
    }
  return {};
}

Result<void> read_user(const Section& user, const std::string& folder, RestConfig& out) {
  MZ_TRY(refuse(user, {"exec", "auth-provider", "as-user-extra"}));
  MZ_ASSIGN(out.tls.certificate_pem, pem(user, "client-certificate", folder));
  MZ_ASSIGN(out.tls.key_pem, pem(user, "client-key", folder));
  if (out.tls.certificate_pem.empty() != out.tls.key_pem.empty())
    return bad(user.at("client-certificate"), "needs client-key, and the other way");
  MZ_ASSIGN(out.token, user.text("token"));
  MZ_ASSIGN(out.token_file, user.text("tokenFile"));
  if (!out.token_file.empty() && !out.token_file.starts_with('/'))
    out.token_file = folder + "/" + out.token_file;
  MZ_ASSIGN(out.user, user.text("username"));
  MZ_ASSIGN(out.password, user.text("password"));
  const bool has_token = !out.token.empty() || !out.token_file.empty();
  if (has_token && !out.user.empty())
    return bad(user.at("token"), "username/password or bearer token may be set, but not both");
  return read_impersonation(user, out);
}

}  // namespace

Result<RestConfig> read_kubeconfig(std::string_view text, const std::string& folder,
                                   const std::string& context) {
  auto json = codec::yaml_document_to_json(text);
  if (!json.ok()) return json.error().with_context("kubeconfig");
  auto file = Value::parse(*json);
  if (!file.ok()) return file.error().with_context("kubeconfig");
  if (!file->is_object()) return Error(Code::BadRequest, "kubeconfig: is not an object");
  const Section top(&*file, "config");
  MZ_ASSIGN(const std::string current, top.text("current-context"));
  const std::string name = context.empty() ? current : context;
  if (name.empty()) return bad("current-context", "must be set");
  MZ_ASSIGN(const Section chosen, find_entry(*file, "contexts", "context", name));
  MZ_ASSIGN(const std::string cluster_name, chosen.text("cluster"));
  MZ_ASSIGN(const std::string user_name, chosen.text("user"));
  RestConfig out;
  MZ_ASSIGN(const Section cluster, find_entry(*file, "clusters", "cluster", cluster_name));
  MZ_TRY(read_cluster(cluster, folder, out));
  if (!user_name.empty()) {
    MZ_ASSIGN(const Section user, find_entry(*file, "users", "user", user_name));
    MZ_TRY(read_user(user, folder, out));
  }
  return out;
}

Result<RestConfig> load_kubeconfig(const std::string& path, const std::string& context) {
  auto text = read_file(path);
  if (!text.ok()) return text.error().with_context("kubeconfig");
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
  auto out = read_kubeconfig(*text, folder, context);
  if (!out.ok()) return out.error().with_context(path);
  return out;
}

Result<RestConfig> in_cluster_config(const std::string& host, const std::string& port,
                                     const std::string& folder) {
  if (host.empty() || port.empty())
    return Error(Code::NotFound,
                 "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and "
                 "KUBERNETES_SERVICE_PORT must be defined");
  RestConfig out;
  const auto number = parse_int<uint16_t>(port);
  if (!number || *number == 0) return bad("KUBERNETES_SERVICE_PORT", "is no port");
  out.server = {.tls = true, .host = host, .port = *number};
  out.token_file = folder + "/token";
  MZ_ASSIGN(const std::string token, read_file(out.token_file));
  MZ_ASSIGN(out.tls.ca_pem, read_file(folder + "/ca.crt"));
  return out;
}

}  // namespace mizzen::rest
