#include "run.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace mizzen::bench {

Words::Words(int count, char** words, int first) {
  for (int i = first; i < count; i += 2) {
    const std::string name = words[i];
    if (!name.starts_with("--") || i + 1 >= count)
      fail(fmt::format("--name value is expected, not {}", name));
    values_[name.substr(2)] = words[i + 1];
  }
}

std::string Words::text(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) fail(fmt::format("--{} is missing", name));
  return found->second;
}

std::string Words::text(const std::string& name, const std::string& otherwise) const {
  return values_.contains(name) ? text(name) : otherwise;
}

long Words::number(const std::string& name) const {
  const std::string value = text(name);
  char* end = nullptr;
  const long out = std::strtol(value.c_str(), &end, 10);
  if (value.empty() || *end) fail(fmt::format("--{} {} is not a number", name, value));
  return out;
}

long Words::number(const std::string& name, long otherwise) const {
  return values_.contains(name) ? number(name) : otherwise;
}

std::string Words::content(const std::string& name) const {
  const std::string path = text(name);
  std::FILE* f = std::fopen(path.c_str(), "rb");
  if (!f) fail(fmt::format("{} cannot be read", path));
  std::string out(size_t{1} << 20, '\0');
  out.resize(std::fread(out.data(), 1, out.size(), f));
  std::fclose(f);
  return out;
}

Endpoint Words::endpoint() const {
  return {.address = text("address", "127.0.0.1"),
          .port = static_cast<uint16_t>(number("port")),
          .ca_file = text("ca"),
          .certificate_file = text("cert"),
          .key_file = text("key")};
}

double share_of(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<size_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

double own_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

std::vector<std::unique_ptr<Connection>> connect_all(Poller& poller, const Words& words) {
  std::vector<std::unique_ptr<Connection>> out;
  for (long i = 0; i < words.number("connections", 4); ++i)
    out.push_back(std::make_unique<Connection>(poller, words.endpoint()));
  return out;
}

void say_and_wait(Poller& poller, const std::string& what) {
  fmt::print("{}\n", what);
  std::fflush(stdout);
  while (!poller.line_came()) poller.turn(-1);
}

}  // namespace mizzen::bench
