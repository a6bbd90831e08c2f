#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "async/mutex.h"
#include "linux/files/descriptor.h"
#include "network/plan/node_plan.h"

namespace mizzen::network {

/// What a journal tells.
struct Remembered {
  std::map<AttachmentKey, PodAttachment> pods;
  uint32_t last = 0;      ///< the address given last
  size_t unreadable = 0;  ///< lines that are none of ours; a torn last one does not count
};
/// Pure. What another boot of the machine wrote counts for nothing: no namespace outlives a boot.
Remembered parse_journal(std::string_view text, std::string_view boot_id);

/// Role: which container has which part of the network, kept over the end of this process. One line for each
/// that comes or goes, appended with one write(2); the file is made anew, shorter, when most of it is past.
/// Truth: what was written is there after any end of the process, a kill included. It is not synced to the
/// disk: what a loss of power may take ended with that boot, as every pod did, and the file names the boot.
/// Threading: thread-safe. Failure: what could not be written as a whole is taken back out of the file.
/// Bounds: twice as many lines as there are attachments, and kSpareLines.
class Journal {
 public:
  static constexpr size_t kSpareLines = 256;

  /// Reads what is there into `out`, and begins a new file with it.
  static Result<std::unique_ptr<Journal>> open(const std::string& path, const std::string& boot_id,
                                               Remembered& out);
  Result<void> add(const PodAttachment& pod);
  Result<void> remove(const AttachmentKey& key);

 private:
  Journal(std::string path, std::string boot_id) : path_(std::move(path)), boot_id_(std::move(boot_id)) {}
  Result<void> append(const std::string& line) MZ_REQUIRES(m_);
  Result<void> rewrite() MZ_REQUIRES(m_);

  const std::string path_;
  const std::string boot_id_;
  Mutex m_;
  linux::Fd file_ MZ_GUARDED_BY(m_);
  size_t lines_ MZ_GUARDED_BY(m_) = 0;
  Remembered now_ MZ_GUARDED_BY(m_);
};

}  // namespace mizzen::network
