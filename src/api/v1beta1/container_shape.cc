#include "api/v1beta1/shapes.h"
#include "codec/tables/quantity.h"

namespace mizzen::api::v1beta1 {
namespace {

using Kind = Rule::Kind;
using codec::Quantity;

constexpr const char* kTwice = "is said twice, and differently";

std::string string_of(const Value* value) { return value && value->is_string() ? value->text() : ""; }

Rule same(const char* name) { return {Kind::Same, name, name}; }
Rule own(const char* old, decltype(Rule::in) in, decltype(Rule::out) out) {
  return {.kind = Kind::Own, .old = old, .in = in, .out = out};
}

/// A name that had two spellings: the newer counts where both are there.
void set_once(Value& now, const char* name, const Value& from) {
  if (says_nothing(from)) return;
  Value& to = now[name];
  if (says_nothing(to)) to = from;
}

const std::vector<Word>& pull_words() {
  static const std::vector<Word> words = {
      {"PullAlways", "Always"}, {"PullNever", "Never"}, {"PullIfNotPresent", "IfNotPresent"}};
  return words;
}

const std::vector<Word>& field_words() {
  static const std::vector<Word> words = {{"name", "metadata.name"}, {"namespace", "metadata.namespace"}};
  return words;
}

// A field of the pod, as the version named beside it calls it.
void field_in(Turn& turn, const Value& from, Value& now, const Path& at) {
  const Value* version = from.is_object() ? from.find("apiVersion") : nullptr;
  const Value* path = from.is_object() ? from.find("fieldPath") : nullptr;
  Value& to = now["fieldRef"];
  to = from;
  if (!path || !path->is_string()) return;
  const bool old = !version || version->is_null() || string_of(version).empty() ||
                   string_of(version) == "v1beta1" || string_of(version) == "v1beta2";
  if (!old) return;
  const std::string word = to_word(&field_words, path->text());
  if (word == path->text() && !word.starts_with("metadata.") && !word.starts_with("status.") &&
      !word.starts_with("spec."))
    return turn.errors.not_supported(at.child("fieldPath"), word, {"name", "namespace"});
  to["apiVersion"] = Value::string("v1");
  to["fieldPath"] = Value::string(word);
}
void field_out(Turn&, const Value& now, Value& old) {
  const Value* from = find_at(now, "fieldRef");
  if (!from) return;
  Value& to = old["fieldRef"];
  to = *from;
  const std::string path = string_of(find_at(*from, "fieldPath"));
  const std::string word = from_word(&field_words, path);
  if (word == path) return;
  to["apiVersion"] = Value::string("v1beta1");
  to["fieldPath"] = Value::string(word);
}
const std::vector<Rule>& env_source_shape() {
  static const std::vector<Rule> rules = {own("fieldRef", field_in, field_out)};
  return rules;
}

const std::vector<Rule>& env_shape() {
  static const std::vector<Rule> rules = {
      own(
          "name", [](Turn&, const Value& from, Value& now, const Path&) { set_once(now, "name", from); },
          [](Turn&, const Value& now, Value& old) {
            const Value* name = find_at(now, "name");
            if (!name) return;
            old["name"] = *name;
            old["key"] = *name;
          }),
      own(
          "key", [](Turn&, const Value& from, Value& now, const Path&) { set_once(now, "name", from); },
          nullptr),
      same("value"),
      {Kind::Inside, "valueFrom", "valueFrom", &env_source_shape},
  };
  return rules;
}

const std::vector<Rule>& mount_shape() {
  static const std::vector<Rule> rules = {
      same("name"),
      same("readOnly"),
      own(
          "mountPath",
          [](Turn&, const Value& from, Value& now, const Path&) { set_once(now, "mountPath", from); },
          [](Turn&, const Value& now, Value& old) {
            const Value* path = find_at(now, "mountPath");
            if (!path) return;
            old["mountPath"] = *path;
            old["path"] = *path;
          }),
      own(
          "path", [](Turn&, const Value& from, Value& now, const Path&) { set_once(now, "mountPath", from); },
          nullptr),
      // LOCAL is what every mount is.
      own(
          "mountType",
          [](Turn& turn, const Value& from, Value&, const Path& at) {
            if (!says_nothing(from) && string_of(&from) != "LOCAL")
              turn.errors.forbidden(at, "v1 has no mounts of the host but hostPath volumes");
          },
          nullptr),
  };
  return rules;
}

const std::vector<Rule>& resources_shape() {
  static const std::vector<Rule> rules = {
      own(
          "limits",
          [](Turn& turn, const Value& from, Value& now, const Path& at) {
            quantities_in(turn, from, now, "limits", at);
          },
          [](Turn&, const Value& now, Value& old) { quantities_out(now, "limits", old, "limits"); }),
      own(
          "requests",
          [](Turn& turn, const Value& from, Value& now, const Path& at) {
            quantities_in(turn, from, now, "requests", at);
          },
          [](Turn&, const Value& now, Value& old) { quantities_out(now, "requests", old, "requests"); }),
  };
  return rules;
}

/// One amount of a container as a plain number: cpu is a share (what v1 calls a request), memory a limit.
void amount_in(Turn& turn, const Value& from, Value& now, const Path& at, const char* list, const char* name,
               bool milli) {
  if (says_nothing(from)) return;
  const auto number = from.is_number() ? Quantity::parse(from.text()) : Quantity::parse("x");
  if (!number.ok() || number->negative() ||
      (milli && number->text().find_first_of("mun") != std::string::npos))
    return turn.errors.invalid_raw(at, from.str().substr(0, 100), "must be a whole number");
  const Quantity quantity = milli ? Quantity::of_milli(number->value()) : Quantity::of(number->value());
  Value& to = make_at(now, std::string("resources.") + list);
  if (!to.is_object()) to = Value::object();
  if (const Value* said = to.find(name)) {
    const auto other = Quantity::parse(said->text());
    if (other.ok() && other->compare(quantity) != 0)
      turn.errors.invalid_raw(at, from.str().substr(0, 100), kTwice);
  }
  to[name] = Value::string(quantity.text());
}

const std::vector<Rule>& security_shape() {
  static const std::vector<Rule> rules = {same("capabilities"), same("privileged"), same("seLinuxOptions"),
                                          same("runAsUser")};
  return rules;
}

/// Of the container itself in v1beta1, of its securityContext in v1, which later v1beta1 had beside it.
void security_in(Turn& turn, const Value& from, Value& now, const Path& at, const char* name) {
  if (says_nothing(from)) return;
  Value& context = now["securityContext"];
  if (!context.is_object()) context = Value::object();
  Value& to = context[name];
  if (!to.is_null() && !(to == from)) return turn.errors.invalid_raw(at, from.str().substr(0, 100), kTwice);
  to = from;
}
void security_out(const Value& now, Value& old, const char* path, const char* name) {
  const Value* from = find_at(now, path);
  if (from && !says_nothing(*from)) old[name] = *from;
}

const std::vector<Rule>& secret_shape() {
  static const std::vector<Rule> rules = {
      own(
          "target",
          [](Turn& turn, const Value& from, Value& now, const Path& at) {
            if (!from.is_object())
              return turn.errors.invalid_raw(at, from.str().substr(0, 100), "must be an object");
            for (const char* name : {"name", "id"})
              if (const Value* value = from.find(name)) set_once(now, "secretName", *value);
          },
          [](Turn&, const Value& now, Value& old) {
            const Value* name = find_at(now, "secretName");
            if (!name) return;
            old["target"]["kind"] = Value::string("Secret");
            old["target"]["name"] = *name;
          }),
  };
  return rules;
}

const std::vector<Rule>& volume_source_shape() {
  static const std::vector<Rule> rules = {
      {Kind::Same, "hostDir", "hostPath"},
      same("emptyDir"),
      {Kind::Same, "persistentDisk", "gcePersistentDisk"},
      same("awsElasticBlockStore"),
      same("gitRepo"),
      {Kind::Inside, "secret", "secret", &secret_shape},
      same("nfs"),
      same("iscsi"),
      same("glusterfs"),
      same("rbd"),
      same("persistentVolumeClaim"),
  };
  return rules;
}

}  // namespace

const std::vector<Rule>& volume_shape() {
  static const std::vector<Rule> rules = {same("name"), {Kind::Flat, "source", "", &volume_source_shape}};
  return rules;
}

const std::vector<Rule>& container_shape() {
  static const std::vector<Rule> rules = {
      same("name"),
      same("image"),
      {Kind::Same, "entrypoint", "command"},
      {Kind::Same, "command", "args"},
      same("workingDir"),
      same("ports"),
      {Kind::Each, "env", "env", &env_shape},
      {Kind::Inside, "resources", "resources", &resources_shape},
      own(
          "cpu",
          [](Turn& turn, const Value& from, Value& now, const Path& at) {
            amount_in(turn, from, now, at, "requests", "cpu", true);
          },
          [](Turn&, const Value& now, Value& old) {
            const auto q = Quantity::parse(string_of(find_at(now, "resources.requests.cpu")));
            if (q.ok() && !q->is_zero()) old["cpu"] = Value::integer(q->milli_value());
          }),
      own(
          "memory",
          [](Turn& turn, const Value& from, Value& now, const Path& at) {
            amount_in(turn, from, now, at, "limits", "memory", false);
          },
          [](Turn&, const Value& now, Value& old) {
            const auto q = Quantity::parse(string_of(find_at(now, "resources.limits.memory")));
            if (q.ok() && !q->is_zero()) old["memory"] = Value::integer(q->value());
          }),
      {Kind::Each, "volumeMounts", "volumeMounts", &mount_shape},
      same("livenessProbe"),
      same("readinessProbe"),
      same("lifecycle"),
      same("terminationMessagePath"),
      {Kind::Word, "imagePullPolicy", "imagePullPolicy", nullptr, &pull_words},
      {Kind::Inside, "securityContext", "securityContext", &security_shape},
      own(
          "privileged",
          [](Turn& turn, const Value& from, Value& now, const Path& at) {
            security_in(turn, from, now, at, "privileged");
          },
          [](Turn&, const Value& now, Value& old) {
            security_out(now, old, "securityContext.privileged", "privileged");
          }),
      own(
          "capabilities",
          [](Turn& turn, const Value& from, Value& now, const Path& at) {
            security_in(turn, from, now, at, "capabilities");
          },
          [](Turn&, const Value& now, Value& old) {
            security_out(now, old, "securityContext.capabilities", "capabilities");
          }),
  };
  return rules;
}

void restart_policy_in(Turn& turn, const Value& from, Value& now, const Path& at) {
  static const std::vector<Word> words = {
      {"always", "Always"}, {"onFailure", "OnFailure"}, {"never", "Never"}};
  // Later clients wrote v1's word here too.
  if (from.is_string()) {
    if (!from.text().empty()) now["restartPolicy"] = from;
    return;
  }
  if (!from.is_object()) return turn.errors.invalid_raw(at, from.str().substr(0, 100), "must be an object");
  bool said = false;
  for (const Word& word : words) {
    const Value* value = from.find(word.old);
    if (!value || value->is_null()) continue;
    if (said) return turn.errors.invalid_raw(at, from.str().substr(0, 100), "may say one policy only");
    said = true;
    now["restartPolicy"] = Value::string(word.now);
  }
}
void restart_policy_out(Turn&, const Value& now, Value& old) {
  const std::string policy = string_of(find_at(now, "restartPolicy"));
  const char* name = policy == "Always"      ? "always"
                     : policy == "OnFailure" ? "onFailure"
                     : policy == "Never"     ? "never"
                                             : nullptr;
  if (name) old["restartPolicy"][name] = Value::object();
}

void quantities_in(Turn& turn, const Value& from, Value& now, const char* name, const Path& at) {
  if (!from.is_object()) return turn.errors.invalid_raw(at, from.str().substr(0, 100), "must be an object");
  Value to = Value::object();
  for (const auto& [resource, amount] : from.members()) {
    const auto q =
        amount.is_number() || amount.is_string() ? Quantity::parse(amount.text()) : Quantity::parse("x");
    if (!q.ok()) {
      turn.errors.invalid_raw(at.child(resource), amount.str().substr(0, 100), q.error().message());
      continue;
    }
    to.members().emplace_back(resource, Value::string(q->text()));
  }
  to.settle();
  make_at(now, name) = std::move(to);
}

void quantities_out(const Value& now, const char* path, Value& old, const char* name) {
  const Value* from = find_at(now, path);
  if (!from || !from->is_object()) return;
  Value to = Value::object();
  for (const auto& [resource, amount] : from->members()) {
    const auto q = Quantity::parse(amount.text());
    if (!q.ok()) continue;
    if (resource == "cpu") {
      const int64_t milli = q->milli_value();
      std::string text = std::to_string(milli / 1000);
      if (milli % 1000 != 0) {
        std::string part = std::to_string(milli % 1000 + 1000).substr(1);
        while (part.ends_with('0')) part.pop_back();
        text += "." + part;
      }
      to.members().emplace_back(resource, Value::string(text));
    } else {
      to.members().emplace_back(resource, Value::integer(q->value()));
    }
  }
  to.settle();
  old[name] = std::move(to);
}

}  // namespace mizzen::api::v1beta1
