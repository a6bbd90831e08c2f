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
      const std::string base =
          root + (r.namespaced ? "/namespaces/{namespace}/" : "/") + std::string(r.plural);
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
      const std::string name = gv + scope + std::string(r.kind);
      {
        ApiOperation& create = add(base, "post", "create" + name, "post");
        create.body = create.answer = v.message;
        create.writes = true;
      }
      if (r.create_only) continue;
      const auto list = [&](const std::string& path, const std::string& id) {
        ApiOperation& op = add(path, "get", id, "list");
        op.answer = v.list;
        op.lists = true;
      };
      list(base, "list" + name);
      if (r.namespaced)
        list(root + "/" + std::string(r.plural), "list" + gv + std::string(r.kind) + "ForAllNamespaces");
      if (r.kind != "Namespace") {
        ApiOperation& op = add(base, "delete", "delete" + gv + "Collection" + scope + std::string(r.kind),
                               "deletecollection");
        op.answer = status;
        op.body = &meta::v1::DeleteOptions::descriptor();
        op.lists = op.deletes = true;
      }
      const std::string one = base + "/{name}";
      add(one, "get", "read" + name, "get").answer = v.message;
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
      write(one, "", v.message, group, version, r.kind);
      {
        ApiOperation& op = add(one, "delete", "delete" + name, "delete");
        op.answer = status;
        op.body = &meta::v1::DeleteOptions::descriptor();
        op.deletes = true;
      }
      for (const Subresource s : r.subresources) {
        if (s == Subresource::Status) {
          add(one + "/status", "get", "read" + name + "Status", "get").answer = v.message;
          write(one + "/status", "Status", v.message, group, version, r.kind);
        } else if (s == Subresource::Scale) {
          const bool modern = group.empty() || (group == "apps" && version == "v1");
          const codec::Message* scale =
              modern ? &autoscaling::v1::Scale::descriptor() : find_schema_kind(v.api_version(), "Scale");
          ApiOperation& op = add(one + "/scale", "get", "read" + name + "Scale", "get");
          op.answer = scale;
          op.kind = "Scale";
          op.group = modern ? "autoscaling" : std::string(group);
          op.version = modern ? "v1" : std::string(version);
          write(one + "/scale", "Scale", scale, modern ? "autoscaling" : group, modern ? "v1" : version,
                "Scale");
        } else if (s == Subresource::Binding || s == Subresource::Eviction) {
          const bool binding = s == Subresource::Binding;
          ApiOperation& op = add(one + (binding ? "/binding" : "/eviction"), "post",
                                 "create" + name + (binding ? "Binding" : "Eviction"), "post");
          op.body = op.answer =
              binding ? &core::v1::Binding::descriptor() : &policy::v1::Eviction::descriptor();
          op.kind = binding ? "Binding" : "Eviction";
          op.group = binding ? "" : "policy";
          op.writes = true;
        } else if (s == Subresource::Log) {
          add(one + "/log", "get", "read" + name + "Log", "get");
        } else if (s == Subresource::Proxy) {
          for (const char* method : {"get", "put", "post", "delete", "options", "head", "patch"})
            add(one + "/proxy", method,
                "connect" + gv + capital(method) + scope + std::string(r.kind) + "Proxy", "connect")
                .kind = std::string(r.kind) + "ProxyOptions";
        } else if (s == Subresource::Finalize) {
          ApiOperation& op = add(one + "/finalize", "put", "replace" + name + "Finalize", "put");
          op.body = op.answer = v.message;
          op.writes = true;
        } else {
          const char* path = s == Subresource::Exec     ? "exec"
                             : s == Subresource::Attach ? "attach"
                                                        : "portforward";
          for (const char* method : {"get", "post"}) {
            ApiOperation& op = add(
                one + "/" + path, method,
                "connect" + gv + capital(method) + scope + std::string(r.kind) + capital(path), "connect");
            op.kind = s == Subresource::Exec     ? "PodExecOptions"
                      : s == Subresource::Attach ? "PodAttachOptions"
                                                 : "PodPortForwardOptions";
          }
        }
      }
    }
  }
  return out;
}

}  // namespace mizzen::api
