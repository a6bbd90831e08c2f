#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "kubelet/state/pod_facts.h"

namespace mizzen::kubelet {

/// What a source of pods tells. Threading: thread-safe; nothing blocks.
class PodSink {
 public:
  virtual ~PodSink() = default;
  /// A pod is wanted on this node, or changed; its spec has all defaults and is valid.
  virtual void upsert(const std::shared_ptr<const Pod>& pod) = 0;
  /// Only what others write to its status differs from what was told last.
  virtual void observe(const std::shared_ptr<const Pod>& pod) = 0;
  /// It is wanted no more; `last` is how it was.
  virtual void gone(const std::shared_ptr<const Pod>& last) = 0;
};

/// Role: a place that says which pods this node is to run. Place: one of several in PodConfig. Truth: the
/// source's own; it tells every change once, in order for each pod. Failure: a source that cannot be read
/// takes nothing back: what it told stays wanted. Lifecycle: start() → stop(), after which it tells nothing.
class PodSource {
 public:
  virtual ~PodSource() = default;
  /// api, file, ...: as in the annotation kubernetes.io/config.source.
  virtual std::string_view name() const = 0;
  virtual void start(PodSink& sink) = 0;
  virtual void stop() = 0;
  /// All it has was told at least once: what is not among it is not wanted.
  virtual bool synced() const = 0;
  /// It told all, or cannot be read: others need not wait for it.
  virtual bool asked() const { return synced(); }
};

}  // namespace mizzen::kubelet
