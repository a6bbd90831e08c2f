// Paths: what can be done where.
#include "api/openapi/openapi_document.h"
#include "api/registry/kinds.h"
#include "api/schema/autoscaling/v1/scale.h"
#include "api/schema/core/v1/binding.h"
#include "api/schema/policy/v1/eviction.h"
#include "base/strings.h"
#include "machinery/schema/meta/v1/delete_options.h"
#include "machinery/schema/meta/v1/status.h"
#include "machinery/schema/meta/v1/watch_event.h"

namespace mizzen::api {
namespace {

/// networking.k8s.io -> Networking, core -> Core, "internal.apiserver.k8s.io" -> InternalApiserver.
std::string camel(std::string_view group) {
  if (group.empty()) return "Core";
  if (group.ends_with(".k8s.io")) group.remove_suffix(7);
  std::string out;
  for (std::string_view part : split(group, '.')) {
    if (part.empty()) continue;
    out += static_cast<char>(part[0] - 32);
    out += part.substr(1);
  }
  return out;
}

std::string capital(std::string_view s) {
  std::string out(s);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 32);
  return out;
}

}  // namespace

std::vector<ApiOperation> api_operations(const Registry& registry, std::string_view group,
                                         std::string_view version) {
  std::vector<ApiOperation> out;
  const std::string root = group.empty() ? "/api/" + std::string(version)
                                         : "/apis/" + std::string(group) + "/" + std::string(version);
  const codec::Message* status = &meta::v1::Status::descriptor();
  for (const ResourceInfo& r : registry.resources()) {
    for (const ServedVersion& v : r.versions) {
      if (v.group != group || v.version != version) continue;
      const std::string gv = camel(group) + capital(version);
      const std::string scope = r.namespaced ? "Namespaced" : "";
      const std::string base = root + (r.namespaced ? "/namespaces/{namespace}/" : "/") + r.plural;
      const auto add = [&](std::string path, std::string method, std::string id,
                           std::string action) -> ApiOperation& {
        ApiOperation op;
        op.named = path.find("{name}") != std::string::npos;
        op.namespaced = path.find("{namespace}") != std::string::npos;
        op.path = std::move(path);
        op.method = std::move(method);
        op.id = std::move(id);
        op.action = std::move(action);
        op.group = group;
        op.version = version;
        op.kind = r.kind;
        return out.emplace_back(std::move(op));
      };
      const std::string name = gv + scope + r.kind;
      {
        ApiOperation& create = add(base, "post", "create" + name, "post");
        create.body = create.answer = v.message.get();
        create.writes = true;
      }
      if (!r.stored()) continue;
      const auto list = [&](const std::string& path, const std::string& id) {
        ApiOperation& op = add(path, "get", id, "list");
        op.answer = v.list.get();
        op.lists = true;
      };
      list(base, "list" + name);
      if (r.namespaced) list(root + "/" + r.plural, "list" + gv + r.kind + "ForAllNamespaces");
      if (r.deletes_collection) {
        ApiOperation& op =
            add(base, "delete", "delete" + gv + "Collection" + scope + r.kind, "deletecollection");
        op.answer = status;
        op.body = &meta::v1::DeleteOptions::descriptor();
        op.lists = op.deletes = true;
      }
      const std::string one = base + "/{name}";
      add(one, "get", "read" + name, "get").answer = v.message.get();
      const auto write = [&](const std::string& path, const std::string& suffix, const codec::Message* m,
                             std::string_view kind_group, std::string_view kind_version,
                             std::string_view kind) {
        for (const bool patch : {false, true}) {
          ApiOperation& op = add(path, patch ? "patch" : "put", (patch ? "patch" : "replace") + name + suffix,
                                 patch ? "patch" : "put");
          op.answer = m;
          op.body = patch ? nullptr : m;
          op.writes = true;
          op.patches = patch;
          op.group = kind_group;
          op.version = kind_version;
          op.kind = kind;
        }
      };
      write(one, "", v.message.get(), group, version, r.kind);
      {
        ApiOperation& op = add(one, "delete", "delete" + name, "delete");
        op.answer = status;
        op.body = &meta::v1::DeleteOptions::descriptor();
        op.deletes = true;
      }
      for (const Subresource s : r.subresources) {
        const SubresourceRow& row = subresource_row(s);
        const codec::TypeMeta type = subresource_type(r, v, row);
        const size_t slash = type.api_version.find('/');
        const std::string kind_group = slash == std::string::npos ? "" : type.api_version.substr(0, slash);
        const std::string kind_version =
            slash == std::string::npos ? type.api_version : type.api_version.substr(slash + 1);
        const codec::Message* message =
            row.kind.empty() ? v.message.get() : find_schema_kind(type.api_version, type.kind);
        const std::string path = one + "/" + std::string(row.name);
        const std::string suffix = capital(std::string(row.name));
        if (row.connects() && row.id != Subresource::Log) {
          static const std::vector<std::string> proxied = {"get",     "put",  "post", "delete",
                                                           "options", "head", "patch"};
          static const std::vector<std::string> sessions = {"get", "post"};
          for (const std::string& method : row.handled == Handled::Proxy ? proxied : sessions)
            add(path, method, "connect" + gv + capital(method) + scope + r.kind + suffix, "connect").kind =
                type.kind;
          continue;
        }
        if (row.allows(Verb::Get)) {
          ApiOperation& op = add(path, "get", "read" + name + suffix, "get");
          if (row.id == Subresource::Log) continue;  // text
          op.answer = message;
          op.group = kind_group;
          op.version = kind_version;
          op.kind = type.kind;
        }
        if (row.allows(Verb::Create)) {
          ApiOperation& op = add(path, "post", "create" + name + suffix, "post");
          op.body = op.answer = message;
          op.kind = type.kind;
          op.group = kind_group;
          op.version = kind_version;
          op.writes = true;
        }
        if (row.allows(Verb::Patch)) {
          write(path, suffix, message, kind_group, kind_version, type.kind);
        } else if (row.allows(Verb::Update)) {
          ApiOperation& op = add(path, "put", "replace" + name + suffix, "put");
          op.body = op.answer = message;
          op.writes = true;
        }
      }
    }
  }
  return out;
}

}  // namespace mizzen::api
