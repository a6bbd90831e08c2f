#include "kubelet/images/pull_records.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "codec/json/json_text.h"
#include "codec/json/tree.h"
#include "codec/tables/values.h"
#include "kubelet/state/digest.h"
#include "linux/files/file.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

constexpr const char* kVersion = "kubelet.config.k8s.io/v1beta1";
constexpr size_t kRecordBytesMax = 1 << 20;

std::string file_name(const std::string& of) { return "sha256-" + sha256_hex(of); }

std::string quoted(const std::string& text) {
  std::string out;
  codec::append_json_string(out, text);
  return out;
}

std::string text_of(const codec::Value& in, std::string_view name) {
  const auto* v = in.find(name);
  return v && v->is_string() ? v->text() : std::string();
}

/// Every document of a folder that can be read.
std::vector<codec::Value> documents(const std::string& folder) {
  std::vector<codec::Value> out;
  const auto names = linux::list_folder(folder);
  for (const auto& name : names.ok() ? *names : std::vector<std::string>()) {
    const auto text = read_file(folder + "/" + name, kRecordBytesMax);
    auto document = text.ok() ? codec::Value::parse(*text) : Result<codec::Value>(text.error());
    if (document.ok() && document->is_object()) {
      out.push_back(std::move(*document));
    } else {
      log::warn("kubelet", "Cannot read a record of a pull", {log::kv("file", folder + "/" + name)});
    }
  }
  return out;
}

}  // namespace

std::string repository_of(const std::string& image) {
  std::string path = image.substr(0, image.find('@'));
  const auto slash = path.rfind('/');
  const auto colon = path.rfind(':');
  if (colon != std::string::npos && (slash == std::string::npos || colon > slash)) path.resize(colon);
  const auto first = path.substr(0, path.find('/'));
  const bool host = path.find('/') != std::string::npos &&
                    (first.find_first_of(".:") != std::string::npos || first == "localhost");
  if (host) return path;
  return (path.find('/') == std::string::npos ? "docker.io/library/" : "docker.io/") + path;
}

std::string credential_hash(const std::vector<std::string>& parts) {
  std::string all;
  for (const auto& part : parts) all += fmt::format("{}:{}", part.size(), part);
  return sha256_hex(all);
}

PullRecords::PullRecords(std::string folder, const Clock& clock) : folder_(std::move(folder)), clock_(clock) {
  load();
}

void PullRecords::load() {
  Lock lock(m_);
  for (const auto& intent : documents(folder_ + "/pulling"))
    if (auto image = text_of(intent, "image"); !image.empty()) begun_[image] = clock_.wall();
  for (const auto& document : documents(folder_ + "/pulled")) {
    const auto ref = text_of(document, "imageRef");
    if (ref.empty()) continue;
    Record& record = records_[ref];
    const auto updated = codec::parse_time(text_of(document, "lastUpdatedTime"));
    record.updated = updated.ok() ? updated->wall() : WallTime();
    const auto* mapping = document.find("credentialMapping");
    if (!mapping || !mapping->is_object()) continue;
    for (const auto& [repository, entry] : mapping->members()) {
      if (!entry.is_object()) continue;
      Proof& proof = record.proofs[repository];
      const auto* anybody = entry.find("nodePodsAccessible");
      proof.anybody = anybody && anybody->is_bool() && anybody->as_bool();
      const auto* secrets = entry.find("kubernetesSecrets");
      if (!secrets || !secrets->is_array()) continue;
      for (const auto& s : secrets->items())
        if (s.is_object())
          proof.secrets.push_back(
              {text_of(s, "uid"), text_of(s, "namespace"), text_of(s, "name"), text_of(s, "credentialHash")});
    }
  }
}

Result<void> PullRecords::write(const std::string& ref, const Record& record) const {
  std::string mapping;
  for (const auto& [repository, proof] : record.proofs) {
    std::string secrets;
    for (const auto& s : proof.secrets)
      secrets += fmt::format(R"({}{{"uid":{},"namespace":{},"name":{},"credentialHash":{}}})",
                             secrets.empty() ? "" : ",", quoted(s.uid), quoted(s.namespace_), quoted(s.name),
                             quoted(s.hash));
    mapping += fmt::format("{}{}:{{", mapping.empty() ? "" : ",", quoted(repository));
    mapping += proof.anybody ? R"("nodePodsAccessible":true)" : R"("kubernetesSecrets":[)" + secrets + "]";
    mapping += "}";
  }
  MZ_TRY(make_folders(folder_ + "/pulled", 0700));
  return write_file(
      folder_ + "/pulled/" + file_name(ref),
      fmt::format(R"({{"kind":"ImagePulledRecord","apiVersion":"{}","lastUpdatedTime":"{}","imageRef":{},)"
                  R"("credentialMapping":{{{}}}}})",
                  kVersion, codec::format_time(codec::Time::from(record.updated)), quoted(ref), mapping),
      0600);
}

Result<void> PullRecords::begin(const std::string& image) {
  Lock lock(m_);
  if (!begun_.contains(image)) {
    MZ_TRY(make_folders(folder_ + "/pulling", 0700));
    MZ_TRY(write_file(
        folder_ + "/pulling/" + file_name(image),
        fmt::format(R"({{"kind":"ImagePullIntent","apiVersion":"{}","image":{}}})", kVersion, quoted(image)),
        0600));
    begun_[image] = clock_.wall();
  }
  ++under_way_[image];
  return {};
}

/// The last of several pulls of one image takes its intent away.
void PullRecords::end(const std::string& image) {
  const auto count = under_way_.find(image);
  if (count != under_way_.end() && --count->second > 0) return;
  if (count != under_way_.end()) under_way_.erase(count);
  forget_intent(image);
}

void PullRecords::forget_intent(const std::string& image) {
  if (!begun_.contains(image)) return;
  const auto gone = linux::remove_all(folder_ + "/pulling/" + file_name(image));
  if (gone.ok()) {
    begun_.erase(image);
  } else {
    log::warn("kubelet", "Cannot remove the intent of a pull", {log::kv("error", gone.error().message())});
  }
}

void PullRecords::cut_off(const std::string& image) {
  Lock lock(m_);
  const auto count = under_way_.find(image);
  if (count != under_way_.end() && --count->second == 0) under_way_.erase(count);
}

void PullRecords::failed(const std::string& image) {
  Lock lock(m_);
  end(image);
}

void PullRecords::merge(const std::string& image, const std::string& ref,
                        const std::optional<PullSecret>& secret, bool known) {
  const auto found = records_.find(ref);
  Record next = found == records_.end() ? Record() : found->second;
  bool changed = found == records_.end();
  if (known) {
    Proof& proof = next.proofs[repository_of(image)];
    if (!secret) {
      changed = changed || !proof.anybody;
      proof = {true, {}};
    } else if (!proof.anybody &&
               std::find(proof.secrets.begin(), proof.secrets.end(), *secret) == proof.secrets.end()) {
      // The same object with another content replaces what was known of it.
      std::erase_if(proof.secrets, [&](const PullSecret& s) {
        return s.uid == secret->uid && s.namespace_ == secret->namespace_ && s.name == secret->name;
      });
      if (proof.secrets.size() >= kSecretsMax) proof.secrets.erase(proof.secrets.begin());
      proof.secrets.push_back(*secret);
      changed = true;
    }
  }
  if (!changed) return end(image);
  next.updated = clock_.wall();
  const auto written = write(ref, next);
  if (!written.ok()) {
    log::warn("kubelet", "Cannot record the pull of an image",
              {log::kv("image", image), log::kv("error", written.error().message())});
    return;  // its intent stays
  }
  records_[ref] = std::move(next);
  end(image);
}

void PullRecords::pulled(const std::string& image, const std::string& ref,
                         const std::optional<PullSecret>& secret) {
  Lock lock(m_);
  merge(image, ref, secret, true);
}

bool PullRecords::may_use(const std::string& image, const std::string& ref,
                          const std::vector<PullSecret>& secrets) {
  Lock lock(m_);
  const auto record = records_.find(ref);
  if (record == records_.end()) return !begun_.contains(image);  // never pulled here: for everybody
  const auto proof = record->second.proofs.find(repository_of(image));
  if (proof == record->second.proofs.end()) return false;
  if (proof->second.anybody) return true;
  for (const auto& own : secrets) {
    for (const auto& known : proof->second.secrets) {
      const bool same_content = !known.hash.empty() && known.hash == own.hash;
      const bool same_object =
          known.uid == own.uid && known.namespace_ == own.namespace_ && known.name == own.name;
      if (!same_content && !same_object) continue;
      if (!(same_content && same_object)) {
        Record next = record->second;
        auto& all = next.proofs[proof->first].secrets;
        std::erase_if(all, [&](const PullSecret& s) { return same_object && s == known; });
        if (all.size() < kSecretsMax && std::find(all.begin(), all.end(), own) == all.end()) {
          all.push_back(own);
          next.updated = clock_.wall();
          if (write(ref, next).ok()) record->second = std::move(next);
        }
      }
      return true;
    }
  }
  return false;
}

void PullRecords::adopt(const std::map<std::string, std::string>& refs) {
  Lock lock(m_);
  const auto begun = begun_;
  for (const auto& [image, since] : begun) {
    if (under_way_.contains(image)) continue;
    const auto ref = refs.find(image);
    if (ref != refs.end()) {
      merge(image, ref->second, std::nullopt, false);
    } else if (clock_.wall() - since > kIntentKept) {
      forget_intent(image);
    }
  }
}

void PullRecords::prune(const std::set<std::string>& refs, WallTime until) {
  Lock lock(m_);
  for (auto it = records_.begin(); it != records_.end();) {
    if (refs.contains(it->first) || it->second.updated >= until) {
      ++it;
      continue;
    }
    const auto gone = linux::remove_all(folder_ + "/pulled/" + file_name(it->first));
    if (!gone.ok())
      log::warn("kubelet", "Cannot remove a record of a pull", {log::kv("error", gone.error().message())});
    it = gone.ok() ? records_.erase(it) : std::next(it);
  }
}

}  // namespace mizzen::kubelet
