// Subresources over HTTP: binding, eviction, scale, finalize, and what goes to the node.
#include <fmt/format.h>

#include "api/registry/kinds.h"
#include "api/schema/apps/v1beta1/scale.h"
#include "api/schema/apps/v1beta2/scale.h"
#include "api/schema/core/v1/pod.h"
#include "api/schema/extensions/v1beta1/scale.h"
#include "api/schema/policy/v1/eviction.h"
#include "apiserver/registry/patching.h"
#include "apiserver/request/body.h"
#include "apiserver/verbs/http_api.h"
#include "base/strings.h"
#include "machinery/object/convert.h"
#include "machinery/patch/patch.h"
#include "machinery/schema/meta/v1/status.h"
#include "machinery/selectors/selectors.h"

namespace mizzen::apiserver {
namespace {

using Scale = api::autoscaling::v1::Scale;

WriteContext context_of(const HandlingPtr& h) {
  WriteContext out;
  out.api_version = h->view.version->api_version();
  out.deadline = Deadline::after(std::chrono::seconds(34));
  out.warnings = &h->warnings;
  for (std::string_view v : h->query.all("dryRun")) out.dry_run |= v == "All";
  return out;
}

Error no_such_resource() { return Error(Code::NotFound, "the server could not find the requested resource"); }

meta::v1::Status success(int32_t code) {
  meta::v1::Status out;
  out.status = "Success";
  out.code = code;
  return out;
}

/// Old versions have a Scale of their own, whose status says the selector twice.
codec::TypeMeta scale_type(const api::ServedVersion& version) {
  if (version.group == "apps" && version.version == "v1") return {"autoscaling/v1", "Scale"};
  if (version.group.empty()) return {"autoscaling/v1", "Scale"};
  return {version.api_version(), "Scale"};
}

Result<Scale> patched_scale(const Scale& present, const PatchRequest& request) {
  if (request.refusal) return *request.refusal;
  MZ_ASSIGN(auto document, codec::Value::parse(codec::to_json(present)));
  if (request.type == client::PatchType::Json) {
    MZ_TRY(machinery::apply_json_patch(document, request.patch));
  } else {
    machinery::apply_merge_patch(document, request.patch);
  }
  return codec::from_json<Scale>(document.str());
}

/// The old versions' selector: the text, and the pairs where it is nothing but pairs.
template <typename T>
bool fill_selector(machinery::MutableObject& wire, const std::string& selector) {
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

}  // namespace

void HttpApi::subresource(const HandlingPtr& h, std::string body) {
  const RequestInfo& info = h->info;
  const api::ResourceInfo& resource = *h->view.resource;
  const std::string& sub = info.subresource;
  const WriteContext context = context_of(h);
  const auto& headers = h->exchange->request().headers;
  if (sub == "scale" && resource.has(api::Subresource::Scale)) return scale(h, body);

  if (resource.create_only || (sub == "binding" && resource.has(api::Subresource::Binding))) {
    if (info.verb != "create")
      return fail(h, Error(Code::MethodNotAllowed,
                           "the server does not allow this method on the requested resource"));
    auto decoded =
        decode_kind({"v1", "Binding"}, api::core::v1::Binding::descriptor(), headers, body, nullptr);
    if (!decoded.ok()) return fail(h, decoded.error());
    auto& binding = *decoded->as<api::core::v1::Binding>();
    if (binding.metadata.namespace_.empty()) binding.metadata.namespace_ = info.namespace_;
    if (binding.metadata.name.empty()) binding.metadata.name = info.name;
    if (binding.metadata.namespace_ != info.namespace_)
      return fail(
          h, Error(Code::BadRequest,
                   "the namespace of the provided object does not match the namespace sent on the request"));
    if (!info.name.empty() && binding.metadata.name != info.name)
      return fail(h,
                  Error(Code::BadRequest, fmt::format("name in URL does not match name in Binding object")));
    if (const auto r = deps_.core.bind(binding, context); !r.ok()) return fail(h, r.error());
    const auto status = success(201);
    return respond_object(h, 201, {"v1", "Status"}, status.descriptor(), &status);
  }

  if (sub == "eviction" && resource.has(api::Subresource::Eviction)) {
    if (info.verb != "create")
      return fail(h, Error(Code::MethodNotAllowed,
                           "the server does not allow this method on the requested resource"));
    const codec::Message& message = api::policy::v1::Eviction::descriptor();
    auto decoded = decode_kind({"policy/v1", "Eviction"}, message, headers, body, nullptr);
    if (!decoded.ok()) {  // both versions are taken here
      auto older = decode_kind({"policy/v1beta1", "Eviction"}, message, headers, body, nullptr);
      if (older.ok()) decoded = std::move(older);
    }
    if (!decoded.ok()) return fail(h, decoded.error());
    const auto& eviction = *decoded->as<api::policy::v1::Eviction>();
    if (!eviction.metadata.name.empty() && eviction.metadata.name != info.name)
      return fail(h, Error(Code::BadRequest, "name in URL does not match name in Eviction object"));
    const meta::v1::DeleteOptions options =
        eviction.deleteOptions ? *eviction.deleteOptions : meta::v1::DeleteOptions();
    if (const auto r = deps_.core.evict(info.namespace_, info.name, options, context); !r.ok())
      return fail(h, r.error());
    const auto status = success(201);
    return respond_object(h, 201, {"v1", "Status"}, status.descriptor(), &status);
  }

  if (sub == "finalize" && resource.has(api::Subresource::Finalize)) {
    if (info.verb != "update")
      return fail(h, Error(Code::MethodNotAllowed,
                           "the server does not allow this method on the requested resource"));
    auto object = decode_body(resource, *h->view.version, headers, body, FieldValidation::Warn, h->warnings);
    if (!object.ok()) return fail(h, object.error());
    const auto entry = deps_.core.finalize_namespace(info.name, std::move(*object).freeze(), context);
    if (!entry.ok()) return fail(h, entry.error());
    return respond_entry(h, 200, **entry);
  }

  const bool node_session = (sub == "log" && resource.has(api::Subresource::Log)) ||
                            (sub == "exec" && resource.has(api::Subresource::Exec)) ||
                            (sub == "attach" && resource.has(api::Subresource::Attach)) ||
                            (sub == "portforward" && resource.has(api::Subresource::PortForward));
  if (node_session) {
    const auto pod = h->store->get(info.namespace_, info.name, Deadline::after(std::chrono::seconds(5)));
    if (!pod.ok()) return fail(h, pod.error());
    if (!deps_.nodes) return fail(h, Error(Code::ServiceUnavailable, "no node can be reached from here"));
    if (sub == "log") h->running = request_metrics_.long_running(resource, *h->view.version, h->labels);
    return deps_.nodes->serve(h, (*pod)->object());
  }
  fail(h, no_such_resource());
}

void HttpApi::scale(const HandlingPtr& h, const std::string& body) {
  const RequestInfo& info = h->info;
  const codec::TypeMeta type = scale_type(*h->view.version);
  const codec::Message* message = api::find_schema_kind(type.api_version, "Scale");
  const auto answer = [&](const Result<Scale>& scale) {
    if (!scale.ok()) return fail(h, scale.error());
    machinery::MutableObject wire(*message);
    machinery::convert_by_name(Scale::descriptor(), &*scale, *message, wire.get());
    if (!wire.as<Scale>())
      (void)(fill_selector<api::apps::v1beta1::Scale>(wire, scale->status.selector) ||
             fill_selector<api::apps::v1beta2::Scale>(wire, scale->status.selector) ||
             fill_selector<api::extensions::v1beta1::Scale>(wire, scale->status.selector));
    respond_object(h, 200, type, *message, wire.get());
  };
  if (info.verb == "get")
    return answer(deps_.core.get_scale(*h->view.resource, info.namespace_, info.name,
                                       Deadline::after(std::chrono::seconds(5))));
  const WriteContext context = context_of(h);
  Scale wanted;
  if (info.verb == "update") {
    auto decoded = decode_kind(type, *message, h->exchange->request().headers, body, nullptr);
    if (!decoded.ok()) return fail(h, decoded.error());
    machinery::convert_by_name(*message, decoded->get(), Scale::descriptor(), &wanted);
  } else if (info.verb == "patch") {
    const auto patch = patch_type(h->exchange->request().headers);
    if (!patch.ok()) return fail(h, patch.error());
    const PatchRequest request = read_patch(*patch, *h->view.version, body, FieldValidation::Warn);
    return answer(deps_.core.change_scale(
        *h->view.resource, info.namespace_, info.name,
        [&](const Scale& present) { return patched_scale(present, request); }, context));
  } else {
    return fail(
        h, Error(Code::MethodNotAllowed, "the server does not allow this method on the requested resource"));
  }
  answer(deps_.core.put_scale(*h->view.resource, info.namespace_, info.name, wanted, context));
}

}  // namespace mizzen::apiserver
