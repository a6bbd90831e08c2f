#include "telemetry/health.h"

#include <algorithm>

#include "base/strings.h"
#include "telemetry/log.h"

namespace mizzen {

Health::Health() {
  add("ping", [] { return Result<void>(); });
  add("shutdown",
      [this]() -> Result<void> {
        Lock lock(m_);
        if (stopping_) return Error(Code::ServiceUnavailable, "process is shutting down");
        return {};
      },
      {.healthz = false, .livez = false, .readyz = true});
}

void Health::add(std::string name, Check check, Where where) {
  Lock lock(m_);
  // `shutdown` stays last, as upstream prints it.
  auto at = checks_.end();
  if (!checks_.empty() && checks_.back().name == "shutdown") --at;
  checks_.insert(at, {std::move(name), std::move(check), where});
}

void Health::shutting_down() {
  Lock lock(m_);
  stopping_ = true;
}

std::vector<Health::Named> Health::of(std::string_view endpoint) const {
  Lock lock(m_);
  std::vector<Named> out;
  for (const Named& c : checks_)
    if ((endpoint == "healthz" && c.where.healthz) || (endpoint == "livez" && c.where.livez) ||
        (endpoint == "readyz" && c.where.readyz))
      out.push_back(c);
  return out;
}

Health::Answer Health::summary(std::string_view endpoint, bool verbose,
                               const std::vector<std::string>& excluded) const {
  std::string lines;
  std::vector<std::string> unknown = excluded;
  std::sort(unknown.begin(), unknown.end());
  unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
  std::vector<std::string> failed;
  for (const Named& c : of(endpoint)) {
    if (std::find(excluded.begin(), excluded.end(), c.name) != excluded.end()) {
      std::erase(unknown, c.name);
      lines += "[+]" + c.name + " excluded: ok\n";
      continue;
    }
    const Result<void> result = c.check();
    if (result.ok()) {
      lines += "[+]" + c.name + " ok\n";
    } else {
      lines += "[-]" + c.name + " failed: reason withheld\n";
      failed.push_back(c.name);
      log::verbose(2, "healthz", "check failed",
                   {log::kv("endpoint", endpoint), log::kv("check", c.name),
                    log::kv("err", result.error().message())});
    }
  }
  if (!unknown.empty()) {
    std::string list;
    for (const std::string& name : unknown) list += (list.empty() ? "" : ",") + quote(name);
    lines += "warn: some health checks cannot be excluded: no matches for " + list + "\n";
  }
  if (!failed.empty()) return {500, lines + std::string(endpoint) + " check failed\n"};
  if (!verbose) return {200, "ok"};
  return {200, lines + std::string(endpoint) + " check passed\n"};
}

Health::Answer Health::single(std::string_view endpoint, std::string_view check) const {
  for (const Named& c : of(endpoint)) {
    if (c.name != check) continue;
    const Result<void> result = c.check();
    if (result.ok()) return {200, "ok"};
    return {500, "internal server error: " + result.error().message() + "\n"};
  }
  return {404, "404 page not found\n"};
}

std::vector<std::string> Health::names(std::string_view endpoint) const {
  std::vector<std::string> out;
  for (const Named& c : of(endpoint)) out.push_back(c.name);
  return out;
}

}  // namespace mizzen
