// Subresources over HTTP: parts of objects, and what goes to the node or the pod.
#include <fmt/format.h>

#include "api/registry/kinds.h"
#include "api/schema/apps/v1beta1/scale.h"
#include "api/schema/apps/v1beta2/scale.h"
#include "api/schema/autoscaling/v1/scale.h"
#include "api/schema/extensions/v1beta1/scale.h"
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

Result<Object> patched_part(const Object& present, const codec::Value& patch, bool json_patch) {
  std::string text;
  codec::encode_json(text, present.message(), present.get());
  MZ_ASSIGN(auto document, codec::Value::parse(text));
  if (json_patch) {
    MZ_TRY(machinery::apply_json_patch(document, patch));
  } else {
    machinery::apply_merge_patch(document, patch);
  }
  MutableObject out(present.message());
  MZ_TRY(codec::decode_json(document.str(), present.message(), out.get()));
  return std::move(out).freeze();
}

/// The part that a request's body is, as its in-memory message.
Result<Object> read_part(const api::ResourceInfo& resource, const api::SubresourceRow& row,
                         const codec::TypeMeta& type, const codec::Message& message,
                         const http::Headers& headers, const std::string& body) {
  codec::TypeMeta seen;
  auto decoded = decode_as(message, headers, body, seen, nullptr);
  if (!decoded.ok() && decoded.error().code() == Code::UnsupportedMediaType) return decoded.error();
  if (!decoded.ok()) {
    const size_t slash = type.api_version.find('/');
    return Error(Code::BadRequest,
                 fmt::format("{} in version {} cannot be handled as a {}: {}", type.kind,
                             quote(type.api_version.substr(slash == std::string::npos ? 0 : slash + 1)),
                             type.kind, decoded.error().message()));
  }
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
      row.kind.empty() ? h->view.version->message : api::find_schema_kind(type.api_version, type.kind);
  PartRequest request{h->context, {}, nullptr};
  if (context.verb == Verb::Get) {
    context.deadline = Deadline::after(kLookUp);
  } else {
    if (const auto r = read_write_options(h->query, false, context); !r.ok()) return fail(h, r.error());
  }
  const http::Headers& headers = h->exchange->request().headers;
  if (context.verb == Verb::Patch) {
    const std::string content = to_lower(trim(split(headers.get("Content-Type"), ';')[0]));
    const bool json_patch = content == "application/json-patch+json";
    if (!json_patch && content != "application/merge-patch+json" &&
        content != "application/strategic-merge-patch+json")
      return fail(h, Error(Code::UnsupportedMediaType,
                           "the body of the request was in an unknown format - accepted media types include: "
                           "application/json-patch+json, application/merge-patch+json, "
                           "application/strategic-merge-patch+json"));
    auto patch = codec::Value::parse(body);
    if (!patch.ok()) return fail(h, patch.error());
    request.change = [patch = std::move(*patch), json_patch](const Object& present) {
      return patched_part(present, patch, json_patch);
    };
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
      respond_object(h, 200, type, *message, wire.get());
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
  const auto pod = h->store->get(context.namespace_, context.name, Deadline::after(kLookUp));
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
