#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/alarms.h"
#include "async/executor.h"
#include "async/gate.h"
#include "async/mutex.h"
#include "async/thread.h"
#include "kubelet/sources/told_pods.h"
#include "linux/files/folder_watch.h"

namespace mizzen::kubelet {

/// Role: the pods that a file, or each file of a folder, declares on this machine (upstream's static pods).
/// In a folder, names that begin with a dot, folders, and files with another ending than .yaml, .yml, .json
/// or .manifest are passed over; a name without an ending counts. Truth: the files; they are looked at again
/// as soon as the kernel tells of a change (`watch`), in any case after `period`, and read where size, time
/// or inode differ. Failure: a file that cannot be read or is no pod is told in the log once for each change,
/// and what it declared before stays wanted until it is gone: a half-written manifest ends nothing. Of two
/// files with one pod name the first by path counts. Threading: files are read on `disk`; with `watch` one
/// thread waits for the kernel. Bounds: kFilesMax files of kBytesMax each; those beyond are passed over, the
/// newly come first, and the log says so.
class FilePods final : public PodSource {
 public:
  static constexpr size_t kFilesMax = 1000;
  static constexpr size_t kBytesMax = 10u << 20;
  struct Deps {
    Executor& disk;
    Alarms& alarms;
    const Clock& clock;
  };
  struct Options {
    std::string path;
    std::string node_name;
    Duration period = std::chrono::seconds(1);
    bool watch = false;  ///< the kernel tells of changes
  };
  FilePods(Deps deps, Options options) : deps_(deps), options_(std::move(options)) {}
  ~FilePods() override { stop(); }
  std::string_view name() const override { return "file"; }
  void start(PodSink& sink) override;
  void stop() override;
  bool synced() const override;
  bool asked() const override;

 private:
  struct Stamp {  ///< of a file, to see that it changed
    int64_t changed_ns = 0;
    int64_t size = 0;
    uint64_t inode = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  struct File {
    Stamp stamp;
    std::vector<std::shared_ptr<const Pod>> pods;  ///< none: it never declared any
    std::string digest;                            ///< of the text that `pods` were made of
  };
  void look_later(Duration wait);
  void look_soon();
  void arm(Duration wait) MZ_REQUIRES(m_);
  void watch();
  void look();
  Result<std::vector<std::string>> paths() const;
  void bound(std::vector<std::string>& paths) const;
  static Result<Stamp> stamp_of(const std::string& path);
  void read(const std::string& path, File& file) const;
  void tell();

  const Deps deps_;
  const Options options_;
  PodSink* sink_ = nullptr;
  Gate gate_;
  std::map<std::string, File> files_;  ///< by path; only while looking
  ToldPods told_{"file"};              ///< only while looking
  std::string problem_;                ///< of the path itself, as last logged
  std::atomic<bool> synced_ = false;
  std::atomic<bool> asked_ = false;
  Mutex m_;
  Alarms::Id alarm_ MZ_GUARDED_BY(m_) = 0;
  bool stopped_ MZ_GUARDED_BY(m_) = false;
  bool looking_ MZ_GUARDED_BY(m_) = false;
  bool again_ MZ_GUARDED_BY(m_) = false;
  std::optional<linux::FolderWatch> watch_;  ///< set before its thread starts
  Thread watcher_;
};

}  // namespace mizzen::kubelet
