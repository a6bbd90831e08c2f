#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "async/mutex.h"
#include "async/runtime.h"
#include "hollow/pod_addresses.h"
#include "hollow/pod_life.h"

namespace mizzen::hollow {

/// Role: the pods of one node: what their watch told, how far each is, their addresses. Keeps of a pod whose
/// life stands still no more than its key, its uid and its address. Threading: thread-safe; told by the
/// watch, asked by workers. Invariant: no two pods that have not ended have the same address.
class NodePods {
 public:
  struct Options {
    std::string host_ip;
    Duration stage_min{};  ///< the stages of a pod take a time between these
    Duration stage_max{};
  };
  /// What is to be done for a pod, and the pod as it was when that was decided.
  struct Next {
    std::shared_ptr<const Pod> pod;
    Step step;
  };
  NodePods(Runtime runtime, Options options, PodAddresses addresses)
      : runtime_(runtime), options_(std::move(options)), addresses_(std::move(addresses)) {}

  void see(const std::string& key, std::shared_ptr<const Pod> pod);
  /// `pod`: as it was at the end.
  void forget(const std::string& key, const Pod& pod);
  /// The watch has told of all there are: those with these uids. Others are forgotten. The keys of what is
  /// there: pods get no address before, because one that is told of later may have it.
  std::vector<std::string> listed(const std::set<std::string>& uids);

  Next next(const std::string& key);
  /// Counts what could not be written; how long to wait until it is tried again. Zero where the pod has gone.
  Duration failed(const std::string& key);
  size_t size() const;

 private:
  struct Life {
    std::string uid;
    Stages stages;
    Progress progress;
    uint32_t address = PodAddresses::kNone;
    int failures = 0;
    std::shared_ptr<const Pod> pod;  ///< null while nothing is to be done
  };

  void free_address(Life& life) MZ_REQUIRES(m_);
  /// False where the pod needs an address, and none can be given now.
  bool give_address(Life& life) MZ_REQUIRES(m_);

  const Runtime runtime_;
  const Options options_;
  mutable Mutex m_;
  PodAddresses addresses_ MZ_GUARDED_BY(m_);
  std::map<std::string, Life> lives_ MZ_GUARDED_BY(m_);  ///< by key
  bool listed_ MZ_GUARDED_BY(m_) = false;
};

}  // namespace mizzen::hollow
