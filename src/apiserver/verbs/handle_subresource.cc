// Subresources over HTTP: parts of objects, and what goes to the node or the pod.
#include <fmt/format.h>

#include "api/registry/kinds.h"
#include "api/schema/apps/v1beta1/scale.h"
#include "api/schema/apps/v1beta2/scale.h"
#include "api/schema/autoscaling/v1/scale.h"
#include "api/schema/extensions/v1beta1/scale.h"
#include "apiserver/registry/patching.h"
#include "apiserver/request/body.h"
#include "apiserver/request/options.h"
#include "apiserver/subresources/parts.h"
#include "apiserver/verbs/http_api.h"
#include "base/strings.h"
#include "machinery/object/convert.h"
#include "machinery/patch/patch.h"
#include "machinery/schema/meta/v1/status.h"
#include "machinery/selectors/selectors.h"

namespace mizzen::apiserver {
namespace {

using api::Verb;
using machinery::MutableObject;
using Scale = api::autoscaling::v1::Scale;

constexpr Duration kLookUp = std::chrono::seconds(5);

/// The old versions' selector: the text, and the pairs where it is nothing but pairs.
template <typename T>
bool fill_selector(MutableObject& wire, const std::string& selector) {
  T* scale = wire.as<T>();
  if (!scale) return false;
  scale->status.targetSelector = selector;
  const auto parsed = machinery::LabelSelector::parse(selector);
  if (!parsed.ok()) return true;
  for (const machinery::Requirement& r : parsed->requirements()) {
    if (r.op != machinery::Requirement::Op::Equals || r.values.size() != 1) {
      scale->status.selector = {};
      return true;
    }
    scale->status.selector.set(r.key, r.values[0]);
  }
  return true;
}

/// The part as the request's version has it.
MutableObject to_wire(const Object& part, const codec::Message& message) {
  MutableObject wire(message);
  machinery::convert_by_name(part.message(), part.get(), message, wire.get());
  const Scale* scale = part.as<Scale>();
  if (scale && !wire.as<Scale>())
    (void)(fill_selector<api::apps::v1beta1::Scale>(wire, scale->status.selector) ||
           fill_selector<api::apps::v1beta2::Scale>(wire, scale->status.selector) ||
           fill_selector<api::extensions::v1beta1::Scale>(wire, scale->status.selector));
  return wire;
}

Result<Object> patched_part(const Object& present, const PatchRequest& patch) {
  if (patch.refusal) return *patch.refusal;
  std::string text;
  codec::encode_json(text, present.message(), present.get());
  MZ_ASSIGN(auto document, codec::Value::parse(text));
  if (patch.type == client::PatchType::Json) {
    MZ_TRY(machinery::apply_json_patch(document, patch.patch));
  } else {
    machinery::apply_merge_patch(document, patch.patch);
  }
  MutableObject out(present.message());
  MZ_TRY(codec::decode_json(document.str(), present.message(), out.get()));
  return std::move(out).freeze();
}

/// The part that a request's body is, as its in-memory message.
Result<Object> read_part(const api::ResourceInfo& resource, const api::SubresourceRow& row,
                         const codec::TypeMeta& type, const codec::Message& message,
                         const http::Headers& headers, const std::string& body) {
  auto decoded = decode_kind(type, message, headers, body, nullptr);
  if (!decoded.ok() && type.kind == "Eviction") {  // both versions are taken here
    auto older = decode_kind({"policy/v1beta1", "Eviction"}, message, headers, body, nullptr);
    if (older.ok()) decoded = std::move(older);
  }
  if (!decoded.ok()) return decoded.error();
  const codec::Message& memory = part_message(resource, row);
  if (&memory == &message) return std::move(*decoded).freeze();
  MutableObject out(memory);
  machinery::convert_by_name(message, decoded->get(), memory, out.get());
  return std::move(out).freeze();
}

}  // namespace

void HttpApi::part(const HandlingPtr& h, const std::string& body) {
  RequestContext& context = *h->context;
  const api::SubresourceRow& row = *context.subresource;
  const codec::TypeMeta type = api::subresource_type(*h->view.resource, *h->view.version, row);
  const codec::Message* message =
      row.kind.empty() ? h->view.version->message.get() : api::find_schema_kind(type.api_version, type.kind);
  PartRequest request{h->context, {}, nullptr};
  if (context.verb == Verb::Get) {
    context.deadline = Deadline::after(kLookUp, deps_.core.clock());
  } else {
    if (const auto r = read_write_options(h->query, false, deps_.core.clock(), context); !r.ok())
      return fail(h, r.error());
  }
  const http::Headers& headers = h->exchange->request().headers;
  if (context.verb == Verb::Patch) {
    const auto patch = patch_type(headers);
    if (!patch.ok()) return fail(h, patch.error());
    request.change = [patch = read_patch(*patch, *h->view.version, body, context.field_validation)](
                         const Object& present) { return patched_part(present, patch); };
  } else if (context.verb != Verb::Get) {
    auto object = read_part(*h->view.resource, row, type, *message, headers, body);
    if (!object.ok()) return fail(h, object.error());
    request.object = std::move(*object);
  }
  answer_part(deps_.core, request, [this, h, type, message](Result<Object> done) {
    on_loop(h, [this, h, type, message, done = std::move(done)] {
      if (!done.ok()) return fail(h, done.error());
      if (!*done) {
        meta::v1::Status status;
        status.status = "Success";
        status.code = 201;
        return respond_object(h, 201, {"v1", "Status"}, status.descriptor(), &status);
      }
      MutableObject wire = to_wire(*done, *message);
      respond_object(h, h->context->verb == Verb::Create ? 201 : 200, type, *message, wire.get());
    });
  });
}

void HttpApi::admit_connect(const HandlingPtr& h, std::function<void()> next) {
  struct Asked {
    RequestContextPtr context;
    std::optional<admission::Attributes> attributes;
  };
  const auto asked = std::make_shared<Asked>();
  asked->context = h->context;
  RequestContext& context = *asked->context;
  asked->attributes.emplace(admission::Attributes{admission::Operation::Connect,
                                                  context,
                                                  *context.resource,
                                                  context.subresource->name,
                                                  context.namespace_,
                                                  context.name,
                                                  nullptr,
                                                  {}});
  deps_.core.admission().mutate(*asked->attributes, [this, h, asked, next](Result<void> admitted) {
    if (!admitted.ok()) return fail(h, admitted.error());
    deps_.core.admission().validate(*asked->attributes, [this, h, asked, next](Result<void> valid) {
      if (!valid.ok()) return fail(h, valid.error());
      next();
    });
  });
}

void HttpApi::proxy(const HandlingPtr& h) {
  if (!deps_.proxies) return fail(h, Error(Code::ServiceUnavailable, "no pod can be reached from here"));
  admit_connect(h, [this, h] { deps_.proxies->serve(h); });
}

void HttpApi::session(const HandlingPtr& h) {
  const RequestContext& context = *h->context;
  const auto pod =
      h->store->get(context.namespace_, context.name, Deadline::after(kLookUp, deps_.core.clock()));
  if (!pod.ok()) return fail(h, pod.error());
  if (!deps_.nodes) return fail(h, Error(Code::ServiceUnavailable, "no node can be reached from here"));
  const Object object = (*pod)->object();
  if (context.subresource->id == api::Subresource::Log) {  // a read, which admission is not asked about
    h->running = request_metrics_.long_running(*h->view.resource, *h->view.version, h->labels);
    return deps_.nodes->serve(h, object);
  }
  admit_connect(h, [this, h, object] { deps_.nodes->serve(h, object); });
}

}  // namespace mizzen::apiserver
