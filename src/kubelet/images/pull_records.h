#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "async/mutex.h"
#include "base/clock.h"
#include "base/result.h"

namespace mizzen::kubelet {

/// A pull secret as records name it: which object, and what was in it.
struct PullSecret {
  std::string uid;
  std::string namespace_;
  std::string name;
  std::string hash;  ///< of the credential
  friend bool operator==(const PullSecret&, const PullSecret&) = default;
};

/// Role: remembers who showed what to pull an image that is on the node, so that a pod without that secret
/// does not get the image of one that had it. Kubernetes contract: KubeletEnsureSecretPulledImages with the
/// policy NeverVerifyPreloadedImages: what the kubelet never pulled is for everybody. Truth: files below
/// FOLDER/pulling (begun) and FOLDER/pulled (records by image), in upstream's form; read once, then written
/// through. Threading: thread-safe; what writes blocks on the disk. Failure: an intent that cannot be written
/// is an error, and nothing may be pulled; where a record cannot be written the intent stays, so that the
/// image counts as pulled and everybody has to show a secret. Bounds: kSecretsMax of one image and
/// repository; the oldest go.
class PullRecords {
 public:
  static constexpr size_t kSecretsMax = 100;
  static constexpr Duration kIntentKept = std::chrono::hours(1);
  PullRecords(std::string folder, const Clock& clock);

  /// Before the pull of `image`.
  Result<void> begin(const std::string& image);
  void failed(const std::string& image);
  /// Nobody can say whether the runtime pulled it: the intent stands until the image is seen, is pulled, or
  /// did not come for kIntentKept.
  void cut_off(const std::string& image);
  /// `image` is on the node as `ref`; without a secret it was given to anybody who asked.
  void pulled(const std::string& image, const std::string& ref, const std::optional<PullSecret>& secret);
  /// May a pod with these secrets use what is on the node as `ref`? Remembers a secret that has the same
  /// content or the same name as one that could.
  bool may_use(const std::string& image, const std::string& ref, const std::vector<PullSecret>& secrets);
  /// What was begun before a restart and is there now (`refs` of it by name) counts as pulled by nobody
  /// known.
  void adopt(const std::map<std::string, std::string>& refs);
  /// Records of images that are gone, and older than `until`, go.
  void prune(const std::set<std::string>& refs, WallTime until);

 private:
  struct Proof {
    bool anybody = false;
    std::vector<PullSecret> secrets;
  };
  struct Record {
    WallTime updated;
    std::map<std::string, Proof> proofs;  ///< by repository
  };
  void load();
  void merge(const std::string& image, const std::string& ref, const std::optional<PullSecret>& secret,
             bool known) MZ_REQUIRES(m_);
  Result<void> write(const std::string& ref, const Record& record) const;
  void end(const std::string& image) MZ_REQUIRES(m_);
  void forget_intent(const std::string& image) MZ_REQUIRES(m_);

  const std::string folder_;
  const Clock& clock_;
  Mutex m_;
  std::map<std::string, int> under_way_ MZ_GUARDED_BY(m_);   ///< pulls by image
  std::map<std::string, WallTime> begun_ MZ_GUARDED_BY(m_);  ///< intents on the disk
  std::map<std::string, Record> records_ MZ_GUARDED_BY(m_);  ///< by ref
};

/// Pure: registry and repository of an image, without tag and digest: docker.io/library/nginx of nginx:1.
std::string repository_of(const std::string& image);
/// Of a credential's parts.
std::string credential_hash(const std::vector<std::string>& parts);

}  // namespace mizzen::kubelet
