#include "apiserver/registry/patching.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/registry/convert.h"
#include "base/strings.h"
#include "machinery/errors/go_print.h"
#include "machinery/patch/patch.h"
#include "machinery/patch/patch_part.h"

namespace mizzen::apiserver {
namespace {

using client::PatchType;
using codec::Value;

Error bad(std::string message) { return Error(Code::BadRequest, std::move(message)); }

std::string wrong_kind(const Value& got, std::string_view wanted) {
  return fmt::format("json: cannot unmarshal {} into Go {}", machinery::json_kind(got), wanted);
}

constexpr std::string_view kOpMembers[] = {"op", "path", "from", "value"};

/// Looks at the operations of a JSON patch as upstream's strict decoder does; the first fault.
std::string check_operations(const Value& patch, codec::DecodeReport& report) {
  if (!patch.is_array()) return wrong_kind(patch, "value of type []handlers.jsonPatchOp");
  for (size_t i = 0; i < patch.items().size(); ++i) {
    const Value& op = patch.items()[i];
    if (op.is_null()) continue;
    if (!op.is_object()) return wrong_kind(op, "value of type handlers.jsonPatchOp");
    for (const auto& [name, value] : op.members()) {
      if (std::find(std::begin(kOpMembers), std::end(kOpMembers), name) == std::end(kOpMembers)) {
        if (!report.full())
          report.add(fmt::format("unknown field {}", quote(fmt::format("[{}].{}", i, name))));
      } else if (name != "value" && !value.is_string() && !value.is_null()) {
        return wrong_kind(value, fmt::format("struct field jsonPatchOp.{} of type string", name));
      }
    }
  }
  return "";
}

/// A JSON patch that is read without validation: by another decoder, with other texts.
std::string check_list(const Value& patch) {
  if (!patch.is_array()) return wrong_kind(patch, "value of type jsonpatch.Patch");
  for (const Value& op : patch.items())
    if (!op.is_object() && !op.is_null()) return wrong_kind(op, "value of type jsonpatch.Operation");
  return "";
}

/// What is wrong with a patch that is JSON; nothing where nothing is.
std::optional<Error> refusal_of(PatchRequest& request) {
  Value& patch = request.patch;
  const bool strict = request.validation != FieldValidation::Ignore;
  constexpr std::string_view kMap = "value of type map[string]interface {}";
  switch (request.type) {
    case PatchType::Json: {
      if (patch.is_null()) return std::nullopt;
      const std::string error = strict ? check_operations(patch, request.report) : check_list(patch);
      for (std::string& problem : request.report.problems) problem.insert(0, "json patch ");
      if (error.empty()) return std::nullopt;
      return bad(strict ? "error decoding patch: " + error : error);
    }
    case PatchType::Merge:
      if (strict && !patch.is_object() && !patch.is_null())
        return bad("error decoding patch: " + wrong_kind(patch, kMap));
      if (!patch.is_object() && !patch.is_array()) return bad("Invalid JSON Patch");
      return std::nullopt;
    case PatchType::Strategic:
      if (patch.is_null()) patch = Value::object();
      if (!patch.is_object()) return bad(wrong_kind(patch, kMap));
      return std::nullopt;
    case PatchType::Apply:
      return Error(Code::UnsupportedMediaType, "server-side apply is not served yet");
  }
  return std::nullopt;
}

/// The error of a patched object that is none, or has fields that it should not have.
Error invalid(std::string_view patched, const std::string& why) {
  machinery::FieldErrors errors;
  errors.invalid(machinery::Path("patch"), patched, why);
  return errors.to_error("", "", "");
}

/// Why upstream cannot make the type of an object of what a strategic patch made; empty where it can. What it
/// says is not looked at.
std::string type_error(const Value& document) {
  for (const char* name : {"apiVersion", "kind"}) {
    const Value* v = document.find(name);
    if (!v || v->is_null() || v->is_string()) continue;
    return machinery::go_kind(*v) == "int64" ? "cannot convert int64 to string" : "unrecognized type: string";
  }
  return "";
}

Result<void> change(Value& document, const PatchRequest& request, const codec::Message& message) {
  switch (request.type) {
    case PatchType::Json:
      return machinery::apply_json_patch(document, request.patch);
    case PatchType::Merge:
      // A patch that is no object becomes the document.
      if (!request.patch.is_object()) document = Value();
      machinery::apply_merge_patch(document, request.patch);
      return {};
    case PatchType::Strategic: {
      // Upstream merges objects, which have no kind and no version there.
      const Value kind = document["kind"], version = document["apiVersion"];
      MZ_TRY(machinery::apply_strategic_patch(document, request.patch, message));
      if (!document.is_object()) document = Value::object();
      if (const std::string why = type_error(document); !why.empty())
        return invalid(machinery::go_print(request.patch), why);
      document["kind"] = kind;
      document["apiVersion"] = version;
      return {};
    }
    case PatchType::Apply:
      break;
  }
  return Error(Code::UnsupportedMediaType, "server-side apply is not served yet");
}

/// Decodes what a strategic patch made. Upstream fills structs from its untyped maps there, which takes whole
/// numbers with a fraction for integers and has errors of its own.
Result<void> decode_merged(Value& document, const PatchRequest& request, machinery::MutableObject& next,
                           codec::DecodeReport* report) {
  codec::DecodeReport found;
  const std::string text = document.str();
  auto decoded = codec::decode_json(text, next.message(), next.get(), nullptr, &found);
  if (!decoded.ok()) {
    const std::string why = machinery::unstructured_error(document, next.message());
    if (!why.empty()) return invalid(machinery::go_print(request.patch), why);
    found = {};
    next = machinery::MutableObject(next.message());
    decoded = codec::decode_json(document.str(), next.message(), next.get(), nullptr, &found);
    if (!decoded.ok()) return invalid(machinery::go_print(request.patch), decoded.error().message());
  }
  std::sort(found.problems.begin(), found.problems.end());
  for (std::string& problem : found.problems) report->add(std::move(problem));
  return {};
}

/// Decodes what a JSON or merge patch made.
Result<void> decode_patched(const std::string& patched, const codec::TypeMeta& expected,
                            machinery::MutableObject& next, codec::DecodeReport* report) {
  codec::TypeMeta seen;
  const auto decoded = codec::decode_json(patched, next.message(), next.get(), &seen, report);
  const bool fits = (seen.kind.empty() || seen.kind == expected.kind) &&
                    (seen.api_version.empty() || seen.api_version == expected.api_version);
  if (decoded.ok() && fits) return {};
  bool recognized = false;
  const auto error =
      explain_json(expected, patched, decoded.ok() ? nullptr : &decoded.error(), recognized, seen);
  return error ? Result<void>(invalid(patched, error->message())) : Result<void>();
}

bool absent(const Value* v) { return !v || v->is_null() || (v->is_string() && v->text().empty()); }

/// True where a JSON or merge patch has taken the version away: upstream reads nothing of such an object
/// then.
bool has_no_version(const Value& document, const codec::TypeMeta& expected) {
  if (!document.is_object() || !absent(document.find("apiVersion"))) return false;
  const Value* kind = document.find("kind");
  return absent(kind) || (kind->is_string() && kind->text() == expected.kind);
}

/// Applies the patch to the fields that it touches. Nothing where anything is to be said of the outcome:
/// errors and warnings show the whole object.
std::optional<machinery::MutableObject> patch_part(const Object& old, const PatchRequest& request,
                                                   const codec::TypeMeta& type) {
  if (!request.part || !request.report.empty()) return std::nullopt;
  machinery::MutableObject next = api::from_memory(*request.version, old);
  std::string text;
  codec::encode_json_part(text, next.message(), next.get(), *request.part, &type);
  auto document = Value::parse(text);
  if (!document.ok() || !change(*document, request, next.message()).ok()) return std::nullopt;
  text = document->str();
  codec::clear_part(next.message(), next.get(), *request.part);
  codec::TypeMeta seen;
  codec::DecodeReport report;
  const auto decoded = codec::decode_json(text, next.message(), next.get(), &seen, &report);
  if (!decoded.ok() || !report.empty() || seen != type) return std::nullopt;
  return next;
}

}  // namespace

Result<PatchType> patch_type(const http::Headers& headers) {
  const std::string_view type = split(headers.get("Content-Type"), ';')[0];
  if (type == "application/json-patch+json") return PatchType::Json;
  if (type == "application/merge-patch+json") return PatchType::Merge;
  if (type == "application/strategic-merge-patch+json") return PatchType::Strategic;
  return Error(Code::UnsupportedMediaType, "415: Unsupported Media Type");
}

PatchRequest read_patch(PatchType type, const api::ServedVersion& version, std::string_view body,
                        FieldValidation validation) {
  PatchRequest out;
  out.type = type;
  out.version = &version;
  out.validation = validation;
  const bool strict = validation != FieldValidation::Ignore;
  auto patch = Value::parse(body, {}, strict ? &out.report : nullptr);
  if (patch.ok()) {
    out.patch = std::move(*patch);
    out.refusal = refusal_of(out);
    if (type == PatchType::Merge || type == PatchType::Strategic)
      out.part = machinery::part_of_patch(out.patch, *version.message);
  } else if (patch.error().code() != Code::BadRequest || type == PatchType::Strategic ||
             (type == PatchType::Json && !strict)) {
    out.refusal = patch.error();
  } else {
    out.refusal = bad(strict ? "error decoding patch: " + patch.error().message() : "Invalid JSON Patch");
  }
  return out;
}

Result<machinery::MutableObject> apply_patch(const api::ResourceInfo& resource, const Object& old,
                                             const PatchRequest& request, codec::DecodeReport* report) {
  if (request.refusal) return *request.refusal;
  const codec::TypeMeta type{request.version->api_version(), resource.kind};
  if (auto next = patch_part(old, request, type))
    return api::to_memory(resource, *request.version, std::move(*next));
  const machinery::MutableObject wire = api::from_memory(*request.version, old);
  std::string text;
  codec::encode_json(text, wire.message(), wire.get(), &type);
  MZ_ASSIGN(Value document, Value::parse(text));
  MZ_TRY(change(document, request, wire.message()));
  codec::DecodeReport problems = request.report;
  machinery::MutableObject next(wire.message());
  const bool strategic = request.type == PatchType::Strategic;
  const std::string patched = strategic ? "" : document.str();
  if (strategic) {
    MZ_TRY(decode_merged(document, request, next, &problems));
  } else if (has_no_version(document, type)) {
    for (const auto& [name, value] : document.members())
      if (name != "kind" && name != "apiVersion" && !problems.full())
        problems.add(fmt::format("unknown field {}", quote(name)));
  } else {
    MZ_TRY(decode_patched(patched, type, next, &problems));
  }
  if (request.validation == FieldValidation::Strict && !problems.empty())
    return invalid(strategic ? machinery::go_print(request.patch) : patched, problems.strict_error());
  if (report && request.validation == FieldValidation::Warn) *report = std::move(problems);
  return api::to_memory(resource, *request.version, std::move(next));
}

}  // namespace mizzen::apiserver
