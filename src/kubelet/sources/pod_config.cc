#include "kubelet/sources/pod_config.h"

#include <algorithm>

#include "telemetry/log.h"

namespace mizzen::kubelet {

/// One source with its place in the whole.
class PodConfig::Feed final : public PodSink {
 public:
  Feed(PodConfig& config, std::unique_ptr<PodSource> source) : config_(config), source_(std::move(source)) {}
  PodSource& source() { return *source_; }
  const PodSource& source() const { return *source_; }

  void upsert(const std::shared_ptr<const Pod>& pod) override {
    if (is_mirror(*pod)) return config_.handlers_.mirror(pod, true);
    if (config_.claim(pod->metadata.uid, this)) config_.handlers_.upsert(named(pod));
  }
  void observe(const std::shared_ptr<const Pod>& pod) override {
    if (is_mirror(*pod)) return config_.handlers_.mirror(pod, true);
    if (config_.claim(pod->metadata.uid, this)) config_.handlers_.observe(named(pod));
  }
  void gone(const std::shared_ptr<const Pod>& last) override {
    if (is_mirror(*last)) return config_.handlers_.mirror(last, false);
    if (config_.release(last->metadata.uid, this)) config_.handlers_.gone(named(last));
  }

 private:
  /// Nobody but this node says where a pod came from: a pod of the API that claims to be a file's would have
  /// its status told to nobody.
  std::shared_ptr<const Pod> named(const std::shared_ptr<const Pod>& pod) const {
    const auto* said = pod->metadata.annotations.find(kSourceAnnotation);
    if (!said || *said == source_->name()) return pod;
    auto copy = std::make_shared<Pod>(*pod);
    copy->metadata.annotations.set(kSourceAnnotation, std::string(source_->name()));
    return copy;
  }

  PodConfig& config_;
  const std::unique_ptr<PodSource> source_;
};

PodConfig::PodConfig(Handlers handlers) : handlers_(std::move(handlers)) {}
PodConfig::~PodConfig() { stop(); }

void PodConfig::add(std::unique_ptr<PodSource> source) {
  feeds_.push_back(std::make_unique<Feed>(*this, std::move(source)));
}

void PodConfig::start() {
  for (const auto& feed : feeds_) feed->source().start(*feed);
}

void PodConfig::stop() {
  for (const auto& feed : feeds_) feed->source().stop();
}

bool PodConfig::synced() const {
  if (feeds_.empty()) return false;
  for (const auto& feed : feeds_)
    if (!feed->source().synced()) return false;
  return true;
}

bool PodConfig::synced(std::string_view source) const {
  const auto feed =
      std::find_if(feeds_.begin(), feeds_.end(), [&](const auto& f) { return f->source().name() == source; });
  return feed == feeds_.end() ? synced() : (*feed)->source().synced();
}

bool PodConfig::asked() const {
  return !feeds_.empty() &&
         std::all_of(feeds_.begin(), feeds_.end(), [](const auto& feed) { return feed->source().asked(); });
}

bool PodConfig::claim(const std::string& uid, const Feed* feed) {
  const Feed* owner = nullptr;
  {
    Lock lock(m_);
    owner = owners_.try_emplace(uid, feed).first->second;
  }
  if (owner == feed) return true;
  log::warn("kubelet", "Two sources have a pod of one uid: the later is passed over",
            {log::kv("uid", uid), log::kv("first", owner->source().name()),
             log::kv("later", feed->source().name())});
  return false;
}

bool PodConfig::release(const std::string& uid, const Feed* feed) {
  Lock lock(m_);
  const auto found = owners_.find(uid);
  if (found == owners_.end() || found->second != feed) return false;
  owners_.erase(found);
  return true;
}

}  // namespace mizzen::kubelet
