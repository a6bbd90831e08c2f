#pragma once
#include <sys/socket.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/mutex.h"
#include "base/result.h"
#include "http/client/client.h"

namespace mizzen::http {

/// Where a connection may go to.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  std::string text;  ///< for errors
};
using Addresses = Result<std::vector<Address>>;

/// What is asked for when the target is connected to: the pinned address, else the host.
std::string host_of(const Target& target);
/// True where the target's host is a name, and no address.
bool needs_look_up(const Target& target);
/// Blocks where needs_look_up(). ServiceUnavailable in Go's words. Bounds: 16 addresses.
Addresses resolve(const Target& target);

/// Role: names that are being looked up: each one once at a time, whoever asks for it. A name that nobody
/// answers for can so hold one thread, however often it is asked for. Threading: thread-safe. Bounds: as many
/// askers as calls that run.
class NamesAsked {
 public:
  using Found = std::function<void(const Addresses&)>;
  /// Runs a look-up, which blocks, somewhere; false where there is no room for it.
  using Post = std::function<bool(std::function<void()>)>;
  /// `found` is called once, where the look-up ran; never where this says false: there is no room.
  [[nodiscard]] bool ask(const Target& target, const Post& post, Found found);

 private:
  struct Errand;
  /// Those who asked for it, who are told by whoever takes them.
  std::vector<Found> take(const std::string& key);

  Mutex m_;
  std::map<std::string, std::vector<Found>> asked_ MZ_GUARDED_BY(m_);  ///< by host and port
};

/// How a call's name is looked up.
struct LookUps {
  NamesAsked::Post post;  ///< may be empty: then names are refused, addresses need none
  /// Shared with other calls; none: by this call alone, on the thread that waits for it.
  std::shared_ptr<NamesAsked> together = nullptr;
};

}  // namespace mizzen::http
