#include "kubelet/tokens/token_manager.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

constexpr Duration kCallTimeout = std::chrono::seconds(30);
/// The executor has no room.
constexpr Duration kNoRoomPause = std::chrono::milliseconds(100);

/// The first that may be the pod's.
TokenWish first_of(const std::string& pod_uid) {
  TokenWish out;
  out.pod_uid = pod_uid;
  out.lifetime_s = INT64_MIN;
  return out;
}

}  // namespace

int64_t TokenManager::now_s() const {
  return std::chrono::floor<std::chrono::seconds>(deps_.clock.wall().time_since_epoch()).count();
}

void TokenManager::watch(const Pod& pod) {
  std::set<TokenWish> wanted = token_wishes(pod);
  while (wanted.size() > kTokensOfPodMax) wanted.erase(std::prev(wanted.end()));
  Lock lock(m_);
  const std::string& uid = pod.metadata.uid;
  for (auto it = entries_.lower_bound(first_of(uid)); it != entries_.end() && it->first.pod_uid == uid;) {
    if (wanted.contains(it->first)) {
      ++it;
      continue;
    }
    cancel_alarm(it->second);
    it = entries_.erase(it);
  }
  for (const auto& wish : wanted) {
    const auto [at, is_new] = entries_.try_emplace(wish);
    if (is_new) begin(wish, at->second);
  }
}

void TokenManager::forget(const std::string& pod_uid) {
  Pod nothing;
  nothing.metadata.uid = pod_uid;
  watch(nothing);
}

bool TokenManager::ready(const std::string& pod_uid) const {
  Lock lock(m_);
  for (auto it = entries_.lower_bound(first_of(pod_uid));
       it != entries_.end() && it->first.pod_uid == pod_uid; ++it)
    if (!it->second.answered()) return false;
  return true;
}

Result<std::string> TokenManager::token(const TokenWish& wish) {
  Lock lock(m_);
  const auto found = entries_.find(wish);
  if (found == entries_.end())
    return Error(Code::ServiceUnavailable,
                 fmt::format("failed to fetch token: this node keeps no such token of the pod ({} at most)",
                             kTokensOfPodMax));
  Entry& e = found->second;
  if (!e.issued) {
    return Error(Code::ServiceUnavailable,
                 fmt::format("failed to fetch token: {}",
                             e.failure ? e.failure->message() : "the API server has not answered yet"));
  }
  const int64_t now = now_s();
  if (e.failure && now > e.issued->expires_s)
    return Error(Code::ServiceUnavailable,
                 fmt::format("token {} expired and refresh failed: {}", wish.text(), e.failure->message()));
  // The wall clock went on faster than the alarm's: the machine slept.
  const bool rested = deps_.clock.monotonic() >= later(e.had_at, kRenewalPauseMin);
  if (!e.asking && !e.failure && now >= e.renew_at_s && rested) begin(wish, e);
  return e.issued->token;
}

size_t TokenManager::size() const {
  Lock lock(m_);
  return entries_.size();
}

void TokenManager::stop() {
  stopping_.stop();
  gate_.close();
  Lock lock(m_);
  for (auto& [wish, entry] : entries_) cancel_alarm(entry);
  entries_.clear();
}

void TokenManager::cancel_alarm(Entry& entry) {
  if (entry.alarm != 0) deps_.alarms.cancel(entry.alarm);
  entry.alarm = 0;
}

void TokenManager::begin(const TokenWish& wish, Entry& entry) {
  cancel_alarm(entry);
  auto token = gate_.enter();
  if (!token) return;
  entry.asking = deps_.executor.post([this, wish, token] { ask(wish); });
  if (!entry.asking) begin_at(wish, entry, kNoRoomPause);
}

void TokenManager::begin_at(const TokenWish& wish, Entry& entry, Duration wait) {
  cancel_alarm(entry);
  entry.alarm = deps_.alarms.after(wait, [this, wish] { due(wish); });
}

void TokenManager::due(const TokenWish& wish) {
  Lock lock(m_);
  const auto found = entries_.find(wish);
  if (found == entries_.end() || found->second.asking) return;
  found->second.alarm = 0;
  begin(wish, found->second);
}

void TokenManager::ask(const TokenWish& wish) {
  {
    Lock lock(m_);
    if (!entries_.contains(wish)) return;  // its pod went while this waited
  }
  if (stopping_.token().stopped()) return;
  auto answer = request_token(deps_.api, wish, {.timeout = kCallTimeout, .stop = stopping_.token()});
  if (stopping_.token().stopped()) return;
  if (settle(wish, std::move(answer))) deps_.on_change(wish.pod_uid);
}

/// True where the pod has something to do: a token, or to say for the first time why there is none. What it
/// says later, with its own tries, is what failed last.
bool TokenManager::settle(const TokenWish& wish, Result<IssuedToken> answer) {
  Lock lock(m_);
  const auto found = entries_.find(wish);
  if (found == entries_.end()) return false;
  Entry& e = found->second;
  e.asking = false;
  const bool news = answer.ok() || !e.answered();
  if (answer.ok()) {
    note_issued(wish, e, std::move(*answer));
  } else {
    note_failed(wish, e, answer.error());
  }
  return news;
}

void TokenManager::note_issued(const TokenWish& wish, Entry& e, IssuedToken issued) {
  e.failure.reset();
  e.pause = {};
  e.had_at = deps_.clock.monotonic();
  e.renew_at_s = renewal_time(issued, static_cast<int64_t>(deps_.random.below(kRenewalJitterMaxS)));
  e.issued = std::move(issued);
  begin_at(wish, e, std::max(kRenewalPauseMin, whole_seconds(e.renew_at_s - now_s())));
}

void TokenManager::note_failed(const TokenWish& wish, Entry& e, const Error& error) {
  const bool good = e.issued && now_s() <= e.issued->expires_s;
  if (good)
    log::error("kubelet", "Couldn't update token",
               {log::kv("cacheKey", wish.text()), log::kv("error", error.message())});
  e.failure = error;
  e.pause = e.pause == Duration::zero() ? kPauseFirst
                                        : std::min(e.pause * 2, good ? kPauseRenewingMax : kPauseWaitingMax);
  begin_at(wish, e,
           e.pause + Duration(static_cast<int64_t>(static_cast<double>(e.pause.count()) * 0.5 *
                                                   deps_.random.unit())));
}

}  // namespace mizzen::kubelet
