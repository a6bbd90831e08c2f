#include "api/v1beta1/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/v1beta1/shapes.h"
#include "base/strings.h"

namespace mizzen::api::v1beta1 {
namespace {

constexpr std::array<KindNames, 7> kKinds = {{
    {"Pod", "PodList", "pods", "Pod", "PodList", "pods"},
    {"ReplicationController", "ReplicationControllerList", "replicationControllers", "ReplicationController",
     "ReplicationControllerList", "replicationcontrollers"},
    {"Service", "ServiceList", "services", "Service", "ServiceList", "services"},
    {"Endpoints", "EndpointsList", "endpoints", "Endpoints", "EndpointsList", "endpoints"},
    {"Minion", "MinionList", "minions", "Node", "NodeList", "nodes"},
    {"Binding", "BindingList", "bindings", "Binding", "BindingList", "bindings"},
    {"Event", "EventList", "events", "Event", "EventList", "events"},
}};

Shape shape_of(std::string_view kind) {
  if (kind == "Pod") return &pod_shape;
  if (kind == "ReplicationController") return &replication_controller_shape;
  if (kind == "Service") return &service_shape;
  if (kind == "Endpoints") return &endpoints_shape;
  if (kind == "Minion" || kind == "Node") return &minion_shape;
  if (kind == "Binding") return &binding_shape;
  if (kind == "Event") return &event_shape;
  if (kind == "BoundPod") return &bound_pod_shape;
  if (kind == "ContainerManifest") return &container_manifest_shape;
  return nullptr;
}

/// v1's kind of one of v1beta1.
std::string_view now_of(std::string_view kind) {
  if (kind == "BoundPod" || kind == "ContainerManifest") return "Pod";
  return kind == "Minion" ? "Node" : kind;
}

std::string string_of(const Value* value) { return value && value->is_string() ? value->text() : ""; }
bool is_version(const std::string& text) { return text == "v1beta1" || text == "v1beta2"; }
bool is_manifest(const Value& value) {
  return value.is_object() && !value.find("kind") && is_version(string_of(value.find("version")));
}

/// The kind of a list's items; empty where `kind` is no list. A List has items of any kind.
std::string_view items_of(std::string_view kind) {
  if (kind == "BoundPods") return "BoundPod";
  if (kind == "ContainerManifestList") return "ContainerManifest";
  if (kind == "NodeList") return "Minion";
  for (const KindNames& names : kKinds)
    if (names.old_list == kind) return names.old;
  return {};
}

Value typed(std::string_view kind) {
  Value out = Value::object();
  out["apiVersion"] = Value::string("v1");
  out["kind"] = Value::string(std::string(kind));
  return out;
}

Error no_such_kind(std::string_view kind) {
  return Error(Code::BadRequest, fmt::format("no kind {} is registered for version v1beta1", quote(kind)));
}

void convert_one(Turn& turn, Shape shape, std::string_view kind, const Value& old, const Path& at,
                 Value& now) {
  now = typed(now_of(kind));
  turn.in(shape, old, now, at);
}

Result<void> convert_list(Turn& turn, std::string_view kind, const Value& old, Value& now) {
  const std::string_view fixed = items_of(kind);
  now = typed(fixed.empty() ? "List" : std::string(now_of(fixed)) + "List");
  now["items"] = Value::array();
  if (const Value* link = old.find("selfLink")) make_at(now, "metadata.selfLink") = *link;
  if (const Value* version = old.find("resourceVersion"); version && !says_nothing(*version))
    make_at(now, "metadata.resourceVersion") = Value::string(version->text());
  const char* name = "items";
  const Value* items = old.find(name);
  // The items of a MinionList had another name first.
  if ((!items || says_nothing(*items)) && fixed == "Minion") items = old.find(name = "minions");
  if (!items || items->is_null()) return {};
  if (!items->is_array()) {
    turn.errors.invalid_raw(Path(name), items->str().substr(0, 100), "must be a list");
    return {};
  }
  const Value* host = kind == "BoundPods" ? old.find("host") : nullptr;
  for (size_t i = 0; i < items->items().size(); ++i) {
    const Value& item = items->items()[i];
    std::string its = fixed.empty() ? string_of(find_at(item, "kind")) : std::string(fixed);
    const Shape shape = shape_of(its);
    if (!shape) return no_such_kind(its);
    Value& made = now["items"].items().emplace_back();
    convert_one(turn, shape, its, item, Path(name).index(i), made);
    if (host && !says_nothing(*host) && !find_at(made, "spec.nodeName"))
      make_at(made, "spec.nodeName") = *host;
  }
  return {};
}

Value old_of(Turn& turn, const KindNames& names, const Value& object) {
  Value out = Value::object();
  turn.out(shape_of(names.old), object, out);
  out["kind"] = Value::string(std::string(names.old));
  out["apiVersion"] = Value::string("v1beta1");
  return out;
}

bool same_names(const Value& a, const Value& b) {
  return string_of(find_at(a, "name")) == string_of(find_at(b, "name"));
}

}  // namespace

const KindNames* find_resource(std::string_view resource) {
  const std::string lower = to_lower(resource);
  for (const KindNames& names : kKinds)
    if (to_lower(names.resource) == lower || names.plural == lower) return &names;
  return nullptr;
}

const KindNames* find_kind(std::string_view kind) {
  for (const KindNames& names : kKinds)
    if (names.now == kind || names.now_list == kind) return &names;
  return nullptr;
}

bool is_old(const Value& document) {
  if (document.is_array())
    return !document.items().empty() &&
           std::all_of(document.items().begin(), document.items().end(), is_manifest);
  return document.is_object() &&
         (is_version(string_of(document.find("apiVersion"))) || is_manifest(document));
}

Result<Converted> to_v1(const Value& document, std::string_view kind) {
  Turn turn;
  Converted out;
  std::string what = "ContainerManifest";  // what an error calls it
  if (document.is_array()) {
    Value list = Value::object();
    list["items"] = document;
    MZ_TRY(convert_list(turn, "ContainerManifestList", list, out.object));
  } else {
    if (!document.is_object()) return Error(Code::BadRequest, "a document of v1beta1 is an object");
    std::string its = string_of(document.find("kind"));
    if (its.empty()) its = is_manifest(document) ? "ContainerManifest" : std::string(kind);
    if (its == "List" || !items_of(its).empty()) {
      MZ_TRY(convert_list(turn, its, document, out.object));
    } else {
      const Shape shape = shape_of(its);
      if (!shape) return no_such_kind(its);
      convert_one(turn, shape, its, document, Path(), out.object);
    }
    what = std::move(its);
  }
  if (!turn.errors.empty())
    return turn.errors.to_error("", what, document.is_object() ? string_of(document.find("id")) : "");
  out.unknown = std::move(turn.unknown);
  return out;
}

Result<Value> from_v1(const Value& object, bool bound) {
  const std::string kind = object.is_object() ? string_of(object.find("kind")) : "";
  const KindNames* names = find_kind(kind);
  if (!names) return no_such_kind(kind);
  Turn turn;
  if (kind == names->now) return old_of(turn, *names, object);
  Value out = Value::object();
  out["apiVersion"] = Value::string("v1beta1");
  out["kind"] = Value::string(bound ? "BoundPods" : std::string(names->old_list));
  if (const Value* link = find_at(object, "metadata.selfLink")) out["selfLink"] = *link;
  const std::string version = string_of(find_at(object, "metadata.resourceVersion"));
  if (!version.empty() && version.find_first_not_of("0123456789") == std::string::npos)
    out["resourceVersion"] = Value::number(version);
  Value items = Value::array();
  if (const Value* all = find_at(object, "items"); all && all->is_array()) {
    for (const Value& item : all->items()) {
      if (!bound) {
        items.items().push_back(old_of(turn, *names, item));
        continue;
      }
      Value& made = items.items().emplace_back(Value::object());
      turn.out(&bound_pod_shape, item, made);
      made["kind"] = Value::string("BoundPod");
      made["apiVersion"] = Value::string("v1beta1");
    }
  }
  if (names->old == "Minion") out["minions"] = items;
  out["items"] = std::move(items);
  return out;
}

Value updated(const Value& stored, const Value& shown, const Value& wanted) {
  if (shown == wanted) return stored;
  if (stored.is_object() && shown.is_object() && wanted.is_object()) {
    Value out = stored;
    for (const auto& [name, value] : shown.members())
      if (!wanted.find(name)) out.erase(name);
    for (const auto& [name, value] : wanted.members()) {
      const Value* had = stored.find(name);
      const Value* seen = shown.find(name);
      out[name] = had && seen ? updated(*had, *seen, value) : value;
    }
    return out;
  }
  // Lists whose items stand where they stood are changed item by item; others are as they are wanted.
  const bool by_item = stored.is_array() && shown.is_array() && wanted.is_array() &&
                       stored.items().size() == shown.items().size() &&
                       shown.items().size() == wanted.items().size();
  if (!by_item) return wanted;
  Value out = stored;
  for (size_t i = 0; i < out.items().size(); ++i) {
    if (!same_names(shown.items()[i], wanted.items()[i])) return wanted;
    out.items()[i] = updated(stored.items()[i], shown.items()[i], wanted.items()[i]);
  }
  return out;
}

}  // namespace mizzen::api::v1beta1
