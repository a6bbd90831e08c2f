#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "async/mutex.h"
#include "base/clock.h"
#include "kubelet/sources/told_pods.h"

namespace mizzen::kubelet {

/// Where one text says which pods a node runs, and who tells of it. Implemented by who composes the node: the
/// key of an etcd. Threading: `told` is called on a thread of its own, one call at a time, and may take as
/// long as reading a manifest does. Lifecycle: start() → stop(), which waits for a call under way.
class ManifestFeed {
 public:
  virtual ~ManifestFeed() = default;
  virtual std::string source() const = 0;  ///< etcd
  virtual std::string place() const = 0;   ///< what its errors name
  /// The text as it is now, and each time that it changes; empty: it says that nothing runs. An error:
  /// nothing is known.
  virtual void start(std::function<void(Result<std::string>)> told) = 0;
  virtual void stop() = 0;
};

/// Role: the pods that one text declares, wherever it comes from: what HTTP, etcd and pushes have in common.
/// Truth: the last text that could be read as pods; one that cannot is told in the log, once, and takes
/// nothing back. Threading: thread-safe; hear() and miss() read and tell on the thread that calls them.
class DocumentPods : public PodSource {
 public:
  static constexpr size_t kBytesMax = 10u << 20;
  struct Options {
    std::string source;  ///< http, etcd, push
    std::string place;   ///< of the document, in its pods' uids and in errors
    std::string node_name;
  };
  DocumentPods(const Clock& clock, Options options)
      : clock_(clock), options_(std::move(options)), told_(options_.source) {}
  std::string_view name() const override { return options_.source; }
  void start(PodSink& sink) override { sink_ = &sink; }
  void stop() override;
  bool synced() const override { return synced_; }
  bool asked() const override { return asked_; }

  /// The document says this now; empty: no pods. Why it cannot be read.
  Result<void> hear(std::string_view text);
  /// It could not be got.
  void miss(const Error& error);

 protected:
  const Clock& clock_;
  const Options options_;

 private:
  void complain(const std::string& what) MZ_REQUIRES(m_);

  PodSink* sink_ = nullptr;
  std::atomic<bool> synced_ = false, asked_ = false;
  Mutex m_;
  bool stopped_ MZ_GUARDED_BY(m_) = false;
  std::string digest_ MZ_GUARDED_BY(m_);  ///< of what was told last
  std::string problem_ MZ_GUARDED_BY(m_);
  ToldPods told_ MZ_GUARDED_BY(m_);
};

/// The pods of a feed.
class FeedPods final : public DocumentPods {
 public:
  FeedPods(const Clock& clock, ManifestFeed& feed, const std::string& node_name)
      : DocumentPods(clock, {feed.source(), feed.place(), node_name}), feed_(feed) {}
  ~FeedPods() override { feed_.stop(); }
  void start(PodSink& sink) override;
  void stop() override;

 private:
  ManifestFeed& feed_;
};

/// Role: the pods that were pushed to the node's server: each push says all of them. Truth: a file of the
/// node, so that a restarted agent knows what was pushed to the one before.
class PushedPods final : public DocumentPods {
 public:
  PushedPods(const Clock& clock, const std::string& node_name, std::string file)
      : DocumentPods(clock, {"push", "push", node_name}), file_(std::move(file)) {}
  void start(PodSink& sink) override;
  /// Told and kept; Invalid or BadRequest where it declares no pods, and what was stays.
  Result<void> push(std::string_view text);

 private:
  const std::string file_;
};

}  // namespace mizzen::kubelet
