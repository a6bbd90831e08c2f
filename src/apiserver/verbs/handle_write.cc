// Create, update, patch, delete over HTTP.
#include <fmt/format.h>

#include "api/registry/kinds.h"
#include "apiserver/loopback/loopback.h"
#include "apiserver/registry/patching.h"
#include "apiserver/request/body.h"
#include "apiserver/verbs/http_api.h"
#include "base/strings.h"
#include "machinery/schema/meta/v1/status.h"

namespace mizzen::apiserver {
namespace {

constexpr Duration kWriteTimeout = std::chrono::seconds(34);
constexpr size_t kDeletePage = 10'000;

Result<WriteContext> context_of(const HandlingPtr& h, std::string_view options_kind) {
  WriteContext out;
  out.api_version = h->view.version->api_version();
  out.deadline = Deadline::after(kWriteTimeout);
  out.warnings = &h->warnings;
  machinery::FieldErrors errors;
  for (std::string_view v : h->query.all("dryRun")) {
    if (v == "All") {
      out.dry_run = true;
    } else {
      errors.not_supported(machinery::Path("dryRun"), v, {"All"});
    }
  }
  if (h->query.get("fieldManager").size() > 128) errors.too_long(machinery::Path("fieldManager"), 128);
  const std::string_view validation = h->query.get("fieldValidation");
  if (!validation.empty() && validation != "Ignore" && validation != "Warn" && validation != "Strict")
    errors.not_supported(machinery::Path("fieldValidation"), validation, {"", "Ignore", "Strict", "Warn"});
  if (!errors.empty()) return errors.to_error("meta.k8s.io", options_kind, "");
  return out;
}

FieldValidation validation_of(const http::Query& q) {
  const std::string_view v = q.get("fieldValidation");
  return v == "Strict"   ? FieldValidation::Strict
         : v == "Ignore" ? FieldValidation::Ignore
                         : FieldValidation::Warn;
}

Result<void> match_namespace(const HandlingPtr& h, meta::v1::ObjectMeta& meta) {
  if (!h->view.resource->namespaced) {
    meta.namespace_.clear();
    return {};
  }
  if (meta.namespace_.empty()) meta.namespace_ = h->info.namespace_;
  if (meta.namespace_ != h->info.namespace_)
    return Error(Code::BadRequest,
                 "the namespace of the provided object does not match the namespace sent on the request");
  return {};
}

}  // namespace

void HttpApi::create(const HandlingPtr& h, std::string body) {
  auto context = context_of(h, "CreateOptions");
  if (!context.ok()) return fail(h, context.error());
  auto object = decode_body(*h->view.resource, *h->view.version, h->exchange->request().headers, body,
                            validation_of(h->query), h->warnings);
  if (!object.ok()) return fail(h, object.error());
  if (const auto r = match_namespace(h, object->meta()); !r.ok()) return fail(h, r.error());
  const auto made = h->store->create(std::move(*object), *context);
  if (!made.ok()) return fail(h, made.error());
  respond_entry(h, 201, **made);
}

void HttpApi::update(const HandlingPtr& h, std::string body) {
  auto context = context_of(h, "UpdateOptions");
  if (!context.ok()) return fail(h, context.error());
  auto object = decode_body(*h->view.resource, *h->view.version, h->exchange->request().headers, body,
                            validation_of(h->query), h->warnings);
  if (!object.ok()) return fail(h, object.error());
  auto& meta = object->meta();
  if (meta.name.empty())
    return fail(
        h, Error(Code::BadRequest,
                 fmt::format(
                     "the name of the object ({} based on URL) was undeterminable: name must be provided",
                     h->info.name)));
  if (meta.name != h->info.name)
    return fail(h, Error(Code::BadRequest,
                         fmt::format("the name of the object ({}) does not match the name on the URL ({})",
                                     meta.name, h->info.name)));
  if (const auto r = match_namespace(h, meta); !r.ok()) return fail(h, r.error());
  const Object wanted = std::move(*object).freeze();
  bool created = false;
  ResourceStore::UpdateOptions how;
  how.created = &created;
  how.kind = h->info.subresource == "status" ? UpdateKind::Status : UpdateKind::Main;
  if (how.kind == UpdateKind::Main && h->view.resource->strategy->allow_create_on_update())
    how.create_instead = [&]() -> Result<machinery::MutableObject> {
      return machinery::MutableObject(wanted);
    };
  const auto made = h->store->update(
      h->view.resource->namespaced ? h->info.namespace_ : "", h->info.name,
      [&](const Entry&) -> Result<machinery::MutableObject> { return machinery::MutableObject(wanted); }, how,
      *context);
  if (!made.ok()) return fail(h, made.error());
  respond_entry(h, created ? 201 : 200, **made);
}

void HttpApi::patch(const HandlingPtr& h, std::string body) {
  const auto type = patch_type(h->exchange->request().headers);
  if (!type.ok()) return fail(h, type.error());
  auto context = context_of(h, "PatchOptions");
  if (!context.ok()) return fail(h, context.error());
  if (h->query.has("force")) {
    machinery::FieldErrors errors;
    errors.forbidden(machinery::Path("force"), "may not be specified for non-apply patch");
    return fail(h, errors.to_error("meta.k8s.io", "PatchOptions", ""));
  }
  const PatchRequest request = read_patch(*type, *h->view.version, body, validation_of(h->query));
  codec::DecodeReport report;
  const auto change = [&](const Entry& old) -> Result<machinery::MutableObject> {
    report = {};
    MZ_ASSIGN(auto next, apply_patch(*h->view.resource, old.object(), request, &report));
    auto& meta = next.meta();
    if (meta.name.empty())
      return Error(
          Code::BadRequest,
          fmt::format("the name of the object ({} based on URL) was undeterminable: name must be provided",
                      h->info.name));
    if (h->view.resource->namespaced && meta.namespace_.empty()) meta.namespace_ = h->info.namespace_;
    if (h->view.resource->namespaced && meta.namespace_ != h->info.namespace_)
      return Error(Code::BadRequest,
                   "the namespace of the provided object does not match the namespace sent on the request");
    if (meta.name != h->info.name)
      return Error(Code::BadRequest,
                   fmt::format("the name of the object ({}) does not match the name on the URL ({})",
                               meta.name, h->info.name));
    return next;
  };
  ResourceStore::UpdateOptions how;
  how.kind = h->info.subresource == "status" ? UpdateKind::Status : UpdateKind::Main;
  const auto made = h->store->update(h->view.resource->namespaced ? h->info.namespace_ : "", h->info.name,
                                     change, how, *context);
  if (!made.ok()) return fail(h, made.error());
  for (std::string& w : report.warnings()) h->warnings.push_back(std::move(w));
  respond_entry(h, 200, **made);
}

void HttpApi::remove(const HandlingPtr& h, std::string body) {
  auto context = context_of(h, "DeleteOptions");
  if (!context.ok()) return fail(h, context.error());
  auto options = decode_delete_options(h->query, h->exchange->request().headers, body);
  if (!options.ok()) return fail(h, options.error());
  for (const std::string& d : options->dryRun) context->dry_run |= d == "All";
  const auto done = h->store->remove(h->view.resource->namespaced ? h->info.namespace_ : "", h->info.name,
                                     *options, *context);
  if (!done.ok()) return fail(h, done.error());
  const std::string_view kind = h->view.resource->kind;
  const bool returns_object = kind == "Pod" || kind == "Service" || kind == "Namespace" ||
                              kind == "PodTemplate" || kind == "ServiceAccount";
  if ((!done->gone && done->changed) || returns_object) {
    const bool accepted = !done->gone && options->orphanDependents && !*options->orphanDependents;
    return respond_entry(h, accepted ? 202 : 200, *done->entry);
  }
  meta::v1::Status status;
  status.status = "Success";
  auto& details = status.details.ensure();
  details.name = h->info.name;
  details.group = h->view.resource->group();
  details.kind = h->view.resource->plural;
  details.uid = done->entry->object().meta().uid;
  respond_object(h, 200, {"v1", "Status"}, status.descriptor(), &status);
}

void HttpApi::remove_collection(const HandlingPtr& h, std::string body) {
  auto context = context_of(h, "DeleteOptions");
  if (!context.ok()) return fail(h, context.error());
  if (h->view.resource->kind == "Namespace")  // the one kind that cannot be deleted by the dozen
    return fail(
        h, Error(Code::MethodNotAllowed, "the server does not allow this method on the requested resource"));
  auto options = decode_delete_options(h->query, h->exchange->request().headers, body);
  if (!options.ok()) return fail(h, options.error());
  auto filter = make_filter(*h->view.resource, h->view.resource->namespaced ? h->info.namespace_ : "",
                            std::string(h->query.get("labelSelector")),
                            std::string(h->query.get("fieldSelector")), h->view.version);
  if (!filter.ok()) return fail(h, filter.error());
  auto now = deps_.core.store().current_revision(context->deadline);
  if (!now.ok()) return fail(h, now.error());
  if (const auto r = h->store->cache().wait_for(now->get(), context->deadline); !r.ok())
    return fail(h, r.error());
  const auto limit = parse_int<size_t>(h->query.get("limit"));
  const auto page = h->store->cache().list(*filter, "", limit && *limit > 0 ? *limit : kDeletePage);
  for (const EntryPtr& entry : page.entries) {
    const auto done =
        h->store->remove(std::string(entry->namespace_()), std::string(entry->name()), *options, *context);
    if (!done.ok() && done.error().code() != Code::NotFound) return fail(h, done.error());
  }
  if (h->view.media.transform != Transform::None) h->view.media.transform = Transform::None;
  respond(h, 200, encode_list(h->view, page.entries, {std::to_string(page.revision), "", {}}),
          h->view.media.content_type());
}

}  // namespace mizzen::apiserver
