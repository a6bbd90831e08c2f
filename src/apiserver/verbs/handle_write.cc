// Create, update, patch, delete over HTTP.
#include <fmt/format.h>

#include "api/registry/kinds.h"
#include "apiserver/registry/delete_collection.h"
#include "apiserver/registry/patching.h"
#include "apiserver/request/body.h"
#include "apiserver/request/names.h"
#include "apiserver/request/options.h"
#include "apiserver/request/query_numbers.h"
#include "apiserver/verbs/http_api.h"
#include "base/strings.h"
#include "machinery/schema/meta/v1/status.h"

namespace mizzen::apiserver {
void HttpApi::create(const HandlingPtr& h, std::string body) {
  RequestContext& context = *h->context;
  if (const auto r = read_write_options(h->query, false, deps_.core.clock(), context); !r.ok())
    return fail(h, r.error());
  auto object = decode_body(*h->view.resource, *h->view.version, h->exchange->request().headers, body,
                            context.field_validation, context.warnings);
  if (!object.ok()) return fail(h, object.error());
  if (const auto r = match_namespace(context, object->meta()); !r.ok()) return fail(h, r.error());
  h->store->create(h->context, std::move(*object), [this, h](Result<EntryPtr> made) {
    on_loop(h, [this, h, made = std::move(made)] {
      made.ok() ? respond_entry(h, 201, **made) : fail(h, made.error());
    });
  });
}

void HttpApi::respond_updated(const HandlingPtr& h, Result<Updated> made) {
  on_loop(h, [this, h, made = std::move(made)] {
    made.ok() ? respond_entry(h, made->created ? 201 : 200, *made->entry) : fail(h, made.error());
  });
}

void HttpApi::update(const HandlingPtr& h, std::string body) {
  RequestContext& context = *h->context;
  if (const auto r = read_write_options(h->query, false, deps_.core.clock(), context); !r.ok())
    return fail(h, r.error());
  auto object = decode_body(*h->view.resource, *h->view.version, h->exchange->request().headers, body,
                            context.field_validation, context.warnings);
  if (!object.ok()) return fail(h, object.error());
  auto& meta = object->meta();
  if (const auto r = match_name(context, meta); !r.ok()) return fail(h, r.error());
  if (const auto r = match_namespace(context, meta); !r.ok()) return fail(h, r.error());
  const Object wanted = std::move(*object).freeze();
  UpdateOptions options;
  if (context.subresource) options.part = context.subresource->id;
  if (!options.part && h->view.resource->strategy->allow_create_on_update())
    options.create_instead = [wanted]() -> Result<machinery::MutableObject> {
      return machinery::MutableObject(wanted);
    };
  h->store->update(
      h->context, context.namespace_, context.name,
      [wanted](const Entry&) -> Result<machinery::MutableObject> { return machinery::MutableObject(wanted); },
      std::move(options), [this, h](Result<Updated> made) { respond_updated(h, std::move(made)); });
}

Result<machinery::MutableObject> HttpApi::patched(const HandlingPtr& h, const PatchRequest& request,
                                                  codec::DecodeReport& report, const Entry& old) {
  const RequestContext& context = *h->context;
  report = {};
  MZ_ASSIGN(auto next, apply_patch(*h->view.resource, old.object(), request, &report));
  auto& meta = next.meta();
  if (meta.name.empty()) MZ_TRY(match_name(context, meta));
  if (h->view.resource->namespaced) MZ_TRY(match_namespace(context, meta));
  MZ_TRY(match_name(context, meta));
  return next;
}

void HttpApi::patch(const HandlingPtr& h, std::string body) {
  const auto type = patch_type(h->exchange->request().headers);
  if (!type.ok()) return fail(h, type.error());
  RequestContext& context = *h->context;
  if (const auto r = read_write_options(h->query, false, deps_.core.clock(), context); !r.ok())
    return fail(h, r.error());
  UpdateOptions options;
  if (context.subresource) options.part = context.subresource->id;
  // Of the last try: a patch may be applied again after a conflict.
  const auto report = std::make_shared<codec::DecodeReport>();
  h->store->update(
      h->context, context.namespace_, context.name,
      [this, h, report, request = read_patch(*type, *h->view.version, body, context.field_validation)](
          const Entry& old) { return patched(h, request, *report, old); },
      std::move(options),
      [this, h, report](Result<Updated> made) {
        if (made.ok())
          for (std::string& w : report->warnings()) h->context->warnings.push_back(std::move(w));
        respond_updated(h, std::move(made));
      });
}

void HttpApi::remove(const HandlingPtr& h, std::string body) {
  auto options =
      read_delete_options(h->query, h->exchange->request().headers, body, deps_.core.clock(), *h->context);
  if (!options.ok()) return fail(h, options.error());
  // What the caller may go on to see, once the object has finalizers to wait for.
  const bool accepted = options->orphanDependents && !*options->orphanDependents;
  h->store->remove(h->context, h->context->namespace_, h->context->name, std::move(*options), true,
                   [this, h, accepted](Result<Deletion> done) {
                     on_loop(h, [this, h, accepted, done = std::move(done)] {
                       done.ok() ? respond_deleted(h, *done, accepted) : fail(h, done.error());
                     });
                   });
}

void HttpApi::respond_deleted(const HandlingPtr& h, const Deletion& done, bool accepted) {
  const api::ResourceInfo& resource = *h->view.resource;
  if ((!done.gone && done.changed) || resource.strategy->returns_deleted())
    return respond_entry(h, accepted && !done.gone ? 202 : 200, *h->store->last_state(done));
  meta::v1::Status status;
  status.status = "Success";
  auto& details = status.details.ensure();
  details.name = h->context->name;
  details.group = resource.group();
  details.kind = resource.plural;
  details.uid = done.entry->object().meta().uid;
  respond_object(h, 200, {"v1", "Status"}, status.descriptor(), &status);
}

void HttpApi::remove_collection(const HandlingPtr& h, std::string body) {
  RequestContext& context = *h->context;
  auto options =
      read_delete_options(h->query, h->exchange->request().headers, body, deps_.core.clock(), context);
  if (!options.ok()) return fail(h, options.error());
  const auto numbers = read_list_numbers(h->query);
  if (!numbers.ok()) return fail(h, numbers.error());
  auto filter = make_filter(*h->view.resource, context.namespace_, std::string(h->query.get("labelSelector")),
                            std::string(h->query.get("fieldSelector")), h->view.version);
  if (!filter.ok()) return fail(h, filter.error());
  const auto now = deps_.core.store().current_revision(context.deadline);
  if (!now.ok()) return fail(h, now.error());
  if (const auto r = h->store->cache().wait_for(now->get(), context.deadline); !r.ok())
    return fail(h, r.error());
  CollectionRequest request{h->context, std::move(*filter), std::move(*options),
                            static_cast<size_t>(std::max<int64_t>(0, numbers->limit))};
  delete_collection(
      *h->store, deps_.core.retry(), std::move(request), [this, h](Result<DeletedCollection> gone) {
        // The list is long: it is made where it holds up nobody.
        auto answer = [this, h, gone = std::move(gone), token = answers_.begin()] {
          if (!gone.ok()) return fail(h, gone.error());
          h->view.media.transform = Transform::None;
          respond(h, 200, encode_list(h->view, gone->entries, {std::to_string(gone->revision), "", {}}),
                  h->view.media.content_type());
        };
        blocking(h, std::move(answer));
      });
}

}  // namespace mizzen::apiserver
