#include "http/client/names.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>
#include <utility>

#include "http/message/url.h"

namespace mizzen::http {

namespace {
constexpr size_t kAddressesMax = 16;
}

std::string host_of(const Target& target) {
  return target.pinned_address.empty() ? target.host : target.pinned_address;
}

bool needs_look_up(const Target& target) {
  in6_addr any;
  const std::string host = host_of(target);
  return target.unix_path.empty() && inet_pton(AF_INET, host.c_str(), &any) != 1 &&
         inet_pton(AF_INET6, host.c_str(), &any) != 1;
}

Addresses resolve(const Target& target) {
  std::vector<Address> out;
  if (!target.unix_path.empty()) {
    Address a;
    auto& un = reinterpret_cast<sockaddr_un&>(a.storage);
    un.sun_family = AF_UNIX;
    if (target.unix_path.size() >= sizeof un.sun_path)
      return Error(Code::BadRequest, "dial unix " + target.unix_path + ": path too long");
    std::memcpy(un.sun_path, target.unix_path.c_str(), target.unix_path.size() + 1);
    a.length = sizeof un;
    a.text = "unix " + target.unix_path;
    out.push_back(a);
    return out;
  }
  const std::string host = host_of(target);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = needs_look_up(target) ? AI_ADDRCONFIG : AI_NUMERICHOST;
  addrinfo* list = nullptr;
  const int rc = getaddrinfo(host.c_str(), std::to_string(target.port).c_str(), &hints, &list);
  if (rc != 0)
    return Error(Code::ServiceUnavailable,
                 "dial tcp: lookup " + host + ": " + (rc == EAI_NONAME ? "no such host" : gai_strerror(rc)));
  for (const addrinfo* i = list; i != nullptr && out.size() < kAddressesMax; i = i->ai_next) {
    Address a;
    std::memcpy(&a.storage, i->ai_addr, i->ai_addrlen);
    a.length = i->ai_addrlen;
    char text[INET6_ADDRSTRLEN] = "";
    getnameinfo(i->ai_addr, i->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
    a.text = "tcp " + join_host_port(text, target.port);
    out.push_back(a);
  }
  freeaddrinfo(list);
  return out;
}

/// One look-up under way. Whoever drops it undone, as a pool that stops does, tells that.
struct NamesAsked::Errand {
  Errand(NamesAsked& of, std::string name) : names(of), key(std::move(name)) {}
  ~Errand() {
    if (over) return;
    for (const Found& asker : names.take(key)) asker(found);
  }
  NamesAsked& names;  // those who are told keep it
  const std::string key;
  Addresses found = Error(Code::ServiceUnavailable, "dial tcp: nobody looks up names now");
  bool over = false;
};

bool NamesAsked::ask(const Target& target, const Post& post, Found found) {
  const std::string key = join_host_port(host_of(target), target.port);
  {
    Lock lock(m_);
    auto& askers = asked_[key];
    askers.push_back(std::move(found));
    if (askers.size() > 1) return true;
  }
  const auto errand = std::make_shared<Errand>(*this, key);
  if (post && post([errand, target] { errand->found = resolve(target); })) return true;
  // No room: those who came after this one are told, this one by the answer.
  errand->over = true;
  const std::vector<Found> askers = take(key);
  for (size_t i = 1; i < askers.size(); ++i) askers[i](errand->found);
  return false;
}

std::vector<NamesAsked::Found> NamesAsked::take(const std::string& key) {
  Lock lock(m_);
  const auto it = asked_.find(key);
  if (it == asked_.end()) return {};
  std::vector<Found> out = std::move(it->second);
  asked_.erase(it);
  return out;
}

}  // namespace mizzen::http
