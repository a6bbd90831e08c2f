#include "rest/rest_client.h"

#include <fmt/format.h>

#include "api/registry/kinds.h"
#include "machinery/schema/meta/v1/partial_object_metadata.h"
#include "rest/discovery/discover.h"
#include "rest/list/pages.h"
#include "rest/watch/rest_watch.h"
#include "rest/wire/body.h"

namespace mizzen::rest {
namespace {

using client::PatchType;

Result<const char*> content_type_of(PatchType type) {
  switch (type) {
    case PatchType::Json:
      return "application/json-patch+json";
    case PatchType::Merge:
      return "application/merge-patch+json";
    case PatchType::Strategic:
      return "application/strategic-merge-patch+json";
    case PatchType::Apply:
      return "application/apply-patch+yaml";
  }
  return Error(Code::InternalError, "no such patch type");
}

/// The message that a subresource takes and answers; null where it is the resource's own.
const codec::Message* part_message(const ResourceInfo& resource, const std::string& subresource) {
  const api::SubresourceRow* row = subresource.empty() ? nullptr : resource.find_subresource(subresource);
  if (!row || row->kind.empty()) return nullptr;
  const codec::TypeMeta type = api::subresource_type(resource, spoken(resource), *row);
  return api::find_schema_kind(type.api_version, type.kind);
}

/// The object of an answer. Where a Status came, what `instead` makes of it.
Result<Object> object_of(const http::Response& answer, const ResourceInfo& resource,
                         const std::string& subresource,
                         const std::function<Object(const meta::v1::Status&)>& instead) {
  const std::string_view type = answer.headers.get("Content-Type");
  if (answer.status < 200 || answer.status > 299) return decode_error(answer.status, type, answer.body);
  MZ_ASSIGN(Document document,
            decode_document(resource, part_message(resource, subresource), type, answer.body));
  return document.object ? std::move(document.object) : instead(document.status);
}

Result<void> may_send_whole(const ResourceInfo& resource, const client::WriteOptions& options) {
  const bool whole = options.subresource.empty() || part_message(resource, options.subresource) == nullptr;
  if (whole && &resource.message() == &meta::v1::PartialObjectMetadata::descriptor())
    return Error(Code::MethodNotAllowed,
                 fmt::format("of {} only the metadata is known: they can be patched", resource.qualified()));
  if (!options.subresource.empty() && !resource.find_subresource(options.subresource))
    return Error(Code::NotFound, "the server could not find the requested resource");
  return {};
}

/// What is known of an object that has gone.
Object gone(const ResourceInfo& resource, const std::string& ns, const std::string& name,
            const meta::v1::Status& status) {
  machinery::MutableObject out(resource.message());
  out.meta().namespace_ = ns;
  out.meta().name = name;
  if (status.details) out.meta().uid = status.details->uid;
  return std::move(out).freeze();
}

}  // namespace

RestClient::RestClient(Deps deps) : deps_(std::move(deps)), mode_(std::make_shared<ListMode>(deps_.sender)) {}

Result<api::RegistryPtr> RestClient::registry_now(const client::Call& call) {
  MZ_ASSIGN(const auto served, discover(*deps_.sender, call));
  return next_registry(served, *deps_.known, registry());
}

Result<Object> RestClient::get(const ResourceInfo& resource, const std::string& ns, const std::string& name,
                               const client::Call& call) {
  Ask ask;
  ask.path = resource_path(resource, ns, name);
  ask.accept = accept(resource, false);
  MZ_ASSIGN(const http::Response answer, deps_.sender->send(ask, call));
  return object_of(answer, resource, "", [](const meta::v1::Status&) { return Object(); });
}

Result<client::ObjectList> RestClient::list(const ResourceInfo& resource, const client::ListOptions& options,
                                            const client::Call& call) {
  if (options.limit > 0 || !options.continue_token.empty())
    return fetch_page(*deps_.sender, resource, options, call);
  client::ObjectList out;
  MZ_ASSIGN(out.resource_version,
            fetch_pages(*deps_.sender, resource, options, call, [&](std::vector<Object> page) {
              out.items.insert(out.items.end(), std::make_move_iterator(page.begin()),
                               std::make_move_iterator(page.end()));
            }));
  return out;
}

std::unique_ptr<client::Watch> RestClient::watch(const ResourceInfo& resource,
                                                 const client::ListOptions& options, client::WatchSink sink) {
  return std::make_unique<RestWatch>(RestWatch::Deps{deps_.sender, mode_, deps_.runtime}, resource, options,
                                     std::move(sink));
}

Result<Object> RestClient::create(const ResourceInfo& resource, const Object& object,
                                  const client::WriteOptions& options, const client::Call& call) {
  const auto& meta = object.meta();
  // A creation is asked for in the collection: only subresources have a name above them.
  const std::string name = options.subresource.empty() ? "" : meta.name;
  return send_object("POST", resource_path(resource, meta.namespace_, name, options.subresource), resource,
                     object, options, call);
}

Result<Object> RestClient::update(const ResourceInfo& resource, const Object& object,
                                  const client::WriteOptions& options, const client::Call& call) {
  const auto& meta = object.meta();
  return send_object("PUT", resource_path(resource, meta.namespace_, meta.name, options.subresource),
                     resource, object, options, call);
}

Result<Object> RestClient::send_object(const char* method, std::string path, const ResourceInfo& resource,
                                       const Object& object, const client::WriteOptions& options,
                                       const client::Call& call) {
  MZ_TRY(may_send_whole(resource, options));
  Ask ask;
  ask.method = method;
  ask.path = std::move(path) + write_query(options);
  ask.accept = accept(resource, false);
  ask.content_type = kProto;
  ask.body = encode_body(resource, object, options.subresource);
  MZ_ASSIGN(const http::Response answer, deps_.sender->send(ask, call));
  return object_of(answer, resource, options.subresource,
                   [&object](const meta::v1::Status&) { return object; });
}

Result<Object> RestClient::patch(const ResourceInfo& resource, const std::string& ns, const std::string& name,
                                 PatchType type, const std::string& body, const client::WriteOptions& options,
                                 const client::Call& call) {
  Ask ask;
  ask.method = "PATCH";
  ask.path = resource_path(resource, ns, name, options.subresource) + write_query(options);
  ask.accept = accept(resource, false);
  MZ_ASSIGN(ask.content_type, content_type_of(type));
  ask.body = body;
  MZ_ASSIGN(const http::Response answer, deps_.sender->send(ask, call));
  return object_of(answer, resource, options.subresource, [](const meta::v1::Status&) { return Object(); });
}

Result<Object> RestClient::remove(const ResourceInfo& resource, const std::string& ns,
                                  const std::string& name, const meta::v1::DeleteOptions& options,
                                  const client::Call& call) {
  Ask ask;
  ask.method = "DELETE";
  ask.path = resource_path(resource, ns, name);
  ask.accept = accept(resource, false);
  ask.content_type = kProto;
  ask.body = encode_body(options);
  MZ_ASSIGN(const http::Response answer, deps_.sender->send(ask, call));
  return object_of(answer, resource, "",
                   [&](const meta::v1::Status& status) { return gone(resource, ns, name, status); });
}

}  // namespace mizzen::rest
