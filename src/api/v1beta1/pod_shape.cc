#include "api/v1beta1/shapes.h"

namespace mizzen::api::v1beta1 {
namespace {

using Kind = Rule::Kind;

/// A manifest had names of its own beside its pod's. v1 has no place for them but here.
constexpr const char* kManifestId = "v1beta1.kubernetes.io/manifest-id";
constexpr const char* kManifestUuid = "v1beta1.kubernetes.io/manifest-uuid";

std::string string_of(const Value* value) { return value && value->is_string() ? value->text() : ""; }
Rule same(const char* name) { return {Kind::Same, name, name}; }
Rule own(const char* old, decltype(Rule::in) in, decltype(Rule::out) out) {
  return {.kind = Kind::Own, .old = old, .in = in, .out = out};
}

void version_in(Turn& turn, const Value& from, Value&, const Path& at) {
  const std::string version = string_of(&from);
  if (!says_nothing(from) && version != "v1beta1" && version != "v1beta2")
    turn.errors.not_supported(at, from.is_string() ? version : from.str().substr(0, 100),
                              {"v1beta1", "v1beta2"});
}
void version_out(Turn&, const Value&, Value& old) { old["version"] = Value::string("v1beta1"); }

/// What a pod's manifest says beside its version and names.
const std::vector<Rule>& spec_shape() {
  static const std::vector<Rule> rules = {
      {Kind::Each, "volumes", "volumes", &volume_shape},
      {Kind::Each, "containers", "containers", &container_shape},
      own("restartPolicy", restart_policy_in, restart_policy_out),
      same("terminationGracePeriodSeconds"),
      same("activeDeadlineSeconds"),
      same("dnsPolicy"),
      same("hostNetwork"),
      same("imagePullSecrets"),
      own("version", version_in, version_out),
      {Kind::Passed, "id"},
      {Kind::Passed, "uuid"},
  };
  return rules;
}

void keep_name(const Value& manifest, Value& now, const char* field, const char* name, const char* kept) {
  const Value* said = manifest.find(field);
  if (!said || says_nothing(*said) || !said->is_string()) return;
  if (string_of(find_at(now, name)) == said->text()) return;
  Value& annotations = make_at(now, "metadata.annotations");
  if (!annotations.is_object()) annotations = Value::object();
  annotations[kept] = *said;
}

/// Annotations have dots, so they are found by name and not by path.
std::string annotation_of(const Value& now, const char* name) {
  const Value* all = find_at(now, "metadata.annotations");
  return all && all->is_object() ? string_of(all->find(name)) : "";
}

void manifest_in(Turn& turn, const Value& from, Value& now, const Path& at) {
  if (!from.is_object()) return turn.errors.invalid_raw(at, from.str().substr(0, 100), "must be an object");
  if (!now["spec"].is_object()) now["spec"] = Value::object();
  turn.in(&spec_shape, from, now["spec"], at);
  keep_name(from, now, "id", "metadata.name", kManifestId);
  keep_name(from, now, "uuid", "metadata.uid", kManifestUuid);
}
void manifest_out(Turn& turn, const Value& now, Value& old) {
  const Value* spec = find_at(now, "spec");
  if (!spec) return;
  Value& manifest = old["manifest"];
  manifest = Value::object();
  turn.out(&spec_shape, *spec, manifest);
  const auto name = [&](const char* field, const char* of, const char* kept) {
    std::string text = annotation_of(now, kept);
    if (text.empty()) text = string_of(find_at(now, of));
    if (!text.empty()) manifest[field] = Value::string(text);
  };
  name("id", "metadata.name", kManifestId);
  name("uuid", "metadata.uid", kManifestUuid);
}

/// Without those that keep what v1 has no place for.
Rule annotations_rule() {
  return own(
      "annotations",
      [](Turn& turn, const Value& from, Value& now, const Path& at) {
        if (!from.is_object())
          return turn.errors.invalid_raw(at, from.str().substr(0, 100), "must be an object");
        make_at(now, "metadata.annotations") = from;
      },
      [](Turn&, const Value& now, Value& old) {
        const Value* from = find_at(now, "metadata.annotations");
        if (!from || !from->is_object()) return;
        Value to = *from;
        to.erase(kManifestId);
        to.erase(kManifestUuid);
        if (!says_nothing(to)) old["annotations"] = std::move(to);
      });
}

/// A pod that is wanted is wanted to run.
void wanted_status_in(Turn& turn, const Value& from, Value&, const Path& at) {
  if (!says_nothing(from) && string_of(&from) != "Running")
    turn.errors.forbidden(at, "v1 has no wanted state but running");
}

const std::vector<Rule>& desired_shape() {
  static const std::vector<Rule> rules = {
      own("manifest", manifest_in, manifest_out),
      {Kind::Same, "host", "spec.nodeName"},
      own("status", wanted_status_in, nullptr),
      {Kind::Refused, "Condition"},
      {Kind::Refused, "message"},
      {Kind::Refused, "hostIP"},
      {Kind::Refused, "podIP"},
      {Kind::Refused, "info"},
  };
  return rules;
}

const std::vector<Word>& phase_words() {
  static const std::vector<Word> words = {{"Waiting", "Pending"}, {"Terminated", "Failed"}};
  return words;
}

const std::vector<Rule>& condition_shape() {
  static const std::vector<Rule> rules = {{Kind::Same, "kind", "type"},
                                          {Kind::Word, "status", "status", nullptr, &condition_words}};
  return rules;
}

const std::vector<Rule>& container_state_shape() {
  static const std::vector<Rule> rules = {
      same("waiting"), same("running"), {Kind::Same, "termination", "terminated"}};
  return rules;
}

const std::vector<Rule>& container_status_shape() {
  static const std::vector<Rule> rules = {
      {Kind::Inside, "state", "state", &container_state_shape},
      {Kind::Inside, "lastState", "lastState", &container_state_shape},
      same("ready"),
      same("restartCount"),
      same("image"),
      same("imageID"),
      same("containerID"),
      {Kind::Passed, "name"},
  };
  return rules;
}

/// A map by container here, a list in v1.
void info_in(Turn& turn, const Value& from, Value& now, const Path& at) {
  if (!from.is_object()) return turn.errors.invalid_raw(at, from.str().substr(0, 100), "must be an object");
  Value list = Value::array();
  for (const auto& [name, status] : from.members()) {
    Value item = Value::object();
    turn.in(&container_status_shape, status, item, at.key(name));
    item["name"] = Value::string(name);
    list.items().push_back(std::move(item));
  }
  make_at(now, "status.containerStatuses") = std::move(list);
}
void info_out(Turn& turn, const Value& now, Value& old) {
  const Value* list = find_at(now, "status.containerStatuses");
  if (!list || !list->is_array()) return;
  Value info = Value::object();
  for (const Value& item : list->items()) {
    Value status = Value::object();
    turn.out(&container_status_shape, item, status);
    info.members().emplace_back(string_of(find_at(item, "name")), std::move(status));
  }
  info.settle();
  old["info"] = std::move(info);
}

const std::vector<Rule>& current_shape() {
  static const std::vector<Rule> rules = {
      {Kind::Passed, "manifest"},
      {Kind::Word, "status", "status.phase", nullptr, &phase_words},
      {Kind::Each, "Condition", "status.conditions", &condition_shape},
      {Kind::Same, "message", "status.message"},
      {Kind::Same, "hostIP", "status.hostIP"},
      {Kind::Same, "podIP", "status.podIP"},
      // Where it is wanted to run is where it runs.
      own("host", nullptr,
          [](Turn&, const Value& now, Value& old) {
            const Value* host = find_at(now, "spec.nodeName");
            if (host && !says_nothing(*host)) old["host"] = *host;
          }),
      own("info", info_in, info_out),
  };
  return rules;
}

const std::vector<Rule>& template_shape() {
  static const std::vector<Rule> rules = {
      {Kind::Same, "labels", "metadata.labels"},
      annotations_rule(),
      {Kind::Flat, "desiredState", "", &desired_shape},
      {Kind::Same, "serviceAccount", "spec.serviceAccountName"},
      {Kind::Same, "nodeSelector", "spec.nodeSelector"},
  };
  return rules;
}

const std::vector<Rule>& wanted_replicas_shape() {
  static const std::vector<Rule> rules = {
      {Kind::Same, "replicas", "spec.replicas"},
      {Kind::Same, "replicaSelector", "spec.selector"},
      {Kind::Inside, "podTemplate", "spec.template", &template_shape},
  };
  return rules;
}
const std::vector<Rule>& seen_replicas_shape() {
  static const std::vector<Rule> rules = {{Kind::Same, "replicas", "status.replicas"},
                                          {Kind::Passed, "replicaSelector"},
                                          {Kind::Passed, "podTemplate"}};
  return rules;
}

const std::vector<Rule>& bound_spec_shape() {
  static const std::vector<Rule> rules = [] {
    std::vector<Rule> out = spec_shape();
    out.pop_back();  // A spec has no id, uuid and version.
    out.pop_back();
    out.pop_back();
    out.push_back({Kind::Same, "nodeSelector", "nodeSelector"});
    out.push_back({Kind::Same, "host", "nodeName"});
    out.push_back({Kind::Same, "serviceAccount", "serviceAccountName"});
    return out;
  }();
  return rules;
}

}  // namespace

std::vector<Rule> with_meta(std::vector<Rule> rules) {
  std::vector<Rule> out = {
      {Kind::Passed, "kind"},
      {Kind::Passed, "apiVersion"},
      {Kind::Same, "id", "metadata.name"},
      {Kind::Same, "generateName", "metadata.generateName"},
      {Kind::Same, "namespace", "metadata.namespace"},
      {Kind::Same, "uid", "metadata.uid"},
      {Kind::Same, "creationTimestamp", "metadata.creationTimestamp"},
      {Kind::Same, "deletionTimestamp", "metadata.deletionTimestamp"},
      {Kind::Same, "selfLink", "metadata.selfLink"},
      {Kind::Number, "resourceVersion", "metadata.resourceVersion"},
      {Kind::Same, "labels", "metadata.labels"},
      annotations_rule(),
  };
  out.insert(out.end(), rules.begin(), rules.end());
  return out;
}

const std::vector<Word>& condition_words() {
  static const std::vector<Word> words = {{"Full", "True"}, {"None", "False"}};
  return words;
}

const std::vector<Rule>& pod_shape() {
  static const std::vector<Rule> rules = with_meta({
      {Kind::Flat, "desiredState", "", &desired_shape},
      {Kind::Flat, "currentState", "", &current_shape},
      {Kind::Same, "serviceAccount", "spec.serviceAccountName"},
      {Kind::Same, "nodeSelector", "spec.nodeSelector"},
  });
  return rules;
}

const std::vector<Rule>& replication_controller_shape() {
  static const std::vector<Rule> rules = with_meta({
      {Kind::Flat, "desiredState", "", &wanted_replicas_shape},
      {Kind::Flat, "currentState", "", &seen_replicas_shape},
  });
  return rules;
}

const std::vector<Rule>& bound_pod_shape() {
  static const std::vector<Rule> rules = with_meta({{Kind::Inside, "spec", "spec", &bound_spec_shape}});
  return rules;
}

const std::vector<Rule>& container_manifest_shape() {
  static const std::vector<Rule> rules = {
      {Kind::Passed, "kind"},
      {Kind::Passed, "apiVersion"},
      own("version", version_in, version_out),
      {Kind::Same, "id", "metadata.name"},
      {Kind::Same, "uuid", "metadata.uid"},
      {Kind::Each, "volumes", "spec.volumes", &volume_shape},
      {Kind::Each, "containers", "spec.containers", &container_shape},
      own(
          "restartPolicy",
          [](Turn& turn, const Value& from, Value& now, const Path& at) {
            restart_policy_in(turn, from, make_at(now, "spec"), at);
          },
          [](Turn& turn, const Value& now, Value& old) {
            if (const Value* spec = find_at(now, "spec")) restart_policy_out(turn, *spec, old);
          }),
      {Kind::Same, "terminationGracePeriodSeconds", "spec.terminationGracePeriodSeconds"},
      {Kind::Same, "activeDeadlineSeconds", "spec.activeDeadlineSeconds"},
      {Kind::Same, "dnsPolicy", "spec.dnsPolicy"},
      {Kind::Same, "hostNetwork", "spec.hostNetwork"},
      {Kind::Same, "imagePullSecrets", "spec.imagePullSecrets"},
  };
  return rules;
}

}  // namespace mizzen::api::v1beta1
