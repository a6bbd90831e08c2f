#include "kubelet/sources/document_pods.h"

#include "base/file.h"
#include "kubelet/sources/static_pod.h"
#include "kubelet/state/digest.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {

void DocumentPods::stop() {
  Lock lock(m_);
  stopped_ = true;
}

Result<void> DocumentPods::hear(std::string_view text) {
  asked_ = true;
  Lock lock(m_);
  if (stopped_) return {};
  const std::string digest = sha256_hex(std::string(text));
  if (synced_ && digest == digest_) {
    problem_.clear();
    return {};
  }
  std::vector<std::shared_ptr<const Pod>> all;
  if (!text.empty()) {
    auto pods = static_pods_of(text, {options_.node_name, options_.source, options_.place, clock_.wall()});
    if (!pods.ok()) {
      complain(pods.error().message());
      return pods.error();
    }
    for (Pod& pod : *pods) all.push_back(std::make_shared<const Pod>(std::move(pod)));
  }
  problem_.clear();
  digest_ = digest;
  told_.tell(all, *sink_);
  synced_ = true;
  return {};
}

void DocumentPods::miss(const Error& error) {
  {
    Lock lock(m_);
    if (!stopped_) complain(error.message());
  }
  asked_ = true;
}

void DocumentPods::complain(const std::string& what) {
  if (what == problem_) return;
  problem_ = what;
  log::error("kubelet", "Could not read which pods to run",
             {log::kv("source", options_.source), log::kv("place", options_.place), log::kv("error", what),
              log::kv("keeps", digest_.empty() ? "nothing" : "the last")});
}

void FeedPods::start(PodSink& sink) {
  DocumentPods::start(sink);
  feed_.start(
      [this](const Result<std::string>& text) { text.ok() ? (void)hear(*text) : miss(text.error()); });
}

void FeedPods::stop() {
  feed_.stop();
  DocumentPods::stop();
}

void PushedPods::start(PodSink& sink) {
  DocumentPods::start(sink);
  const auto kept = read_file(file_, kBytesMax);
  // Nothing was ever pushed.
  if (!kept.ok() && kept.error().code() == Code::NotFound) return (void)hear("");
  kept.ok() ? (void)hear(*kept) : miss(kept.error());
}

Result<void> PushedPods::push(std::string_view text) {
  if (text.empty()) return Error(Code::BadRequest, "zero-length manifest");
  MZ_TRY(hear(text));
  return write_file(file_, text);
}

}  // namespace mizzen::kubelet
