#include "telemetry/metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "base/clock.h"

namespace mizzen {

void Gauge::add(double by) {
  double old = value_.load(std::memory_order_relaxed);
  while (!value_.compare_exchange_weak(old, old + by, std::memory_order_relaxed)) {
  }
}

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), buckets_(new std::atomic<uint64_t>[bounds_.size() + 1]()) {}

void Histogram::observe(double value) {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  buckets_[static_cast<size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
  sum_.add(value);
}

std::vector<double> default_buckets() { return {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}; }

std::vector<double> exponential_buckets(double start, double factor, size_t count) {
  std::vector<double> out;
  for (size_t i = 0; i < count; ++i, start *= factor) out.push_back(start);
  return out;
}

Metrics::Entry& Metrics::entry(std::string_view name, std::string_view help) {
  auto found = entries_.find(name);
  if (found != entries_.end()) return found->second;
  Entry& made = entries_[std::string(name)];
  made.help = std::string(help);
  return made;
}

namespace {

/// A name used for two different things would make scrapes useless: stop at once.
void require_same(bool same) {
  if (!same) std::abort();
}

std::string escape(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

std::string number(double v) {
  if (std::isnan(v)) return "NaN";
  if (std::isinf(v)) return v > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", v);
}

/// {a="x",b="y"}, with one more label where its name is not empty; nothing where there is none.
std::string label_set(const std::vector<std::string>& names, const std::vector<std::string>& values,
                      std::string_view extra_name = {}, std::string_view extra_value = {}) {
  std::string out;
  const auto add = [&](std::string_view n, std::string_view v) {
    out += out.empty() ? "{" : ",";
    out += fmt::format("{}=\"{}\"", n, escape(v, true));
  };
  for (size_t i = 0; i < names.size(); ++i) add(names[i], values[i]);
  if (!extra_name.empty()) add(extra_name, extra_value);
  if (!out.empty()) out += '}';
  return out;
}

void print_histogram(std::string& out, const std::string& name, const std::vector<std::string>& labels,
                     const std::vector<std::string>& values, const Histogram& h) {
  uint64_t below = 0;
  for (size_t i = 0; i <= h.bounds().size(); ++i) {
    below += h.bucket(i);
    const std::string bound = i < h.bounds().size() ? number(h.bounds()[i]) : "+Inf";
    out += fmt::format("{}_bucket{} {}\n", name, label_set(labels, values, "le", bound), below);
  }
  out += fmt::format("{}_sum{} {}\n", name, label_set(labels, values), number(h.sum()));
  out += fmt::format("{}_count{} {}\n", name, label_set(labels, values), below);
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/// Virtual and resident bytes.
std::pair<double, double> memory_bytes() {
  const int fd = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {0, 0};
  std::array<char, 128> text{};
  const ssize_t n = ::read(fd, text.data(), text.size() - 1);
  ::close(fd);
  if (n <= 0) return {0, 0};
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  char* rest = nullptr;
  const auto whole = static_cast<double>(std::strtoul(text.data(), &rest, 10));
  return {whole * page, static_cast<double>(std::strtoul(rest, nullptr, 10)) * page};
}

/// The soft limit as Prometheus clients tell it: -1 where there is none.
double limit_of(__rlimit_resource which) {
  rlimit limit{};
  if (getrlimit(which, &limit) != 0) return 0;
  return limit.rlim_cur == RLIM_INFINITY ? -1 : static_cast<double>(limit.rlim_cur);
}

double open_descriptors() {
  DIR* dir = ::opendir("/proc/self/fd");
  if (dir == nullptr) return 0;
  double n = -3;  // ".", ".." and the one we read with
  while (::readdir(dir) != nullptr) ++n;
  ::closedir(dir);
  return n;
}

}  // namespace

Family<Counter>& Metrics::counters(std::string_view name, std::string_view help,
                                   std::vector<std::string> labels) {
  Lock lock(m_);
  Entry& e = entry(name, help);
  require_same(!e.gauges && !e.histograms && e.collectors.empty() &&
               (!e.counters || e.counters->labels() == labels));
  if (!e.counters)
    e.counters =
        std::make_unique<Family<Counter>>(std::move(labels), [] { return std::make_unique<Counter>(); });
  return *e.counters;
}

Family<Gauge>& Metrics::gauges(std::string_view name, std::string_view help,
                               std::vector<std::string> labels) {
  Lock lock(m_);
  Entry& e = entry(name, help);
  require_same(!e.counters && !e.histograms && e.collectors.empty() &&
               (!e.gauges || e.gauges->labels() == labels));
  if (!e.gauges)
    e.gauges = std::make_unique<Family<Gauge>>(std::move(labels), [] { return std::make_unique<Gauge>(); });
  return *e.gauges;
}

Family<Histogram>& Metrics::histograms(std::string_view name, std::string_view help,
                                       std::vector<std::string> labels, std::vector<double> bounds) {
  Lock lock(m_);
  Entry& e = entry(name, help);
  require_same(!e.counters && !e.gauges && e.collectors.empty() &&
               (!e.histograms || e.histograms->labels() == labels));
  if (!e.histograms)
    e.histograms = std::make_unique<Family<Histogram>>(
        std::move(labels), [bounds = std::move(bounds)] { return std::make_unique<Histogram>(bounds); });
  return *e.histograms;
}

Counter& Metrics::counter(std::string_view name, std::string_view help) {
  return counters(name, help, {}).with({});
}
Gauge& Metrics::gauge(std::string_view name, std::string_view help) {
  return gauges(name, help, {}).with({});
}
Histogram& Metrics::histogram(std::string_view name, std::string_view help, std::vector<double> bounds) {
  return histograms(name, help, {}, std::move(bounds)).with({});
}

void Metrics::collector(std::string_view name, std::string_view help, std::vector<std::string> labels,
                        bool counter, Collect collect) {
  Lock lock(m_);
  Entry& e = entry(name, help);
  require_same(!e.counters && !e.gauges && !e.histograms &&
               (e.collectors.empty() || (e.collected_labels == labels && e.collected_is_counter == counter)));
  e.collected_labels = std::move(labels);
  e.collected_is_counter = counter;
  e.collectors.push_back(std::move(collect));
}

void Metrics::gauge_collector(std::string_view name, std::string_view help, std::vector<std::string> labels,
                              Collect collect) {
  collector(name, help, std::move(labels), false, std::move(collect));
}

void Metrics::counter_collector(std::string_view name, std::string_view help, std::vector<std::string> labels,
                                Collect collect) {
  collector(name, help, std::move(labels), true, std::move(collect));
}

void Metrics::gauge_function(std::string_view name, std::string_view help, std::function<double()> read) {
  gauge_collector(name, help, {},
                  [read = std::move(read)](std::vector<Sample>& out) { out.push_back({{}, read()}); });
}

void Metrics::counter_function(std::string_view name, std::string_view help, std::function<double()> read) {
  counter_collector(name, help, {},
                    [read = std::move(read)](std::vector<Sample>& out) { out.push_back({{}, read()}); });
}

std::string Metrics::text() const {
  Lock lock(m_);
  std::string out;
  for (const auto& [key, e] : entries_) {
    const std::string& name = key;
    const char* type = e.counters || e.collected_is_counter ? "counter"
                       : e.histograms                       ? "histogram"
                                                            : "gauge";
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escape(e.help, false), name, type);
    if (e.counters)
      e.counters->each([&](const auto& values, const Counter& c) {
        out += fmt::format("{}{} {}\n", name, label_set(e.counters->labels(), values), c.value());
      });
    if (e.gauges)
      e.gauges->each([&](const auto& values, const Gauge& g) {
        out += fmt::format("{}{} {}\n", name, label_set(e.gauges->labels(), values), number(g.value()));
      });
    if (e.histograms)
      e.histograms->each([&](const auto& values, const Histogram& h) {
        print_histogram(out, name, e.histograms->labels(), values, h);
      });
    std::vector<Sample> samples;
    for (const Collect& collect : e.collectors) collect(samples);
    for (Sample& sample : samples) {
      sample.values.resize(e.collected_labels.size());
      out +=
          fmt::format("{}{} {}\n", name, label_set(e.collected_labels, sample.values), number(sample.value));
    }
  }
  return out;
}

void register_process_metrics(Metrics& metrics, const Clock& clock) {
  const double started = std::chrono::duration<double>(clock.wall().time_since_epoch()).count();
  metrics.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.")
      .set(started);
  metrics.counter_function("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
                           cpu_seconds);
  metrics.gauge_function("process_resident_memory_bytes", "Resident memory size in bytes.",
                         [] { return memory_bytes().second; });
  metrics.gauge_function("process_virtual_memory_bytes", "Virtual memory size in bytes.",
                         [] { return memory_bytes().first; });
  metrics.gauge_function("process_virtual_memory_max_bytes",
                         "Maximum amount of virtual memory available in bytes.",
                         [] { return limit_of(RLIMIT_AS); });
  metrics.gauge_function("process_max_fds", "Maximum number of open file descriptors.",
                         [] { return limit_of(RLIMIT_NOFILE); });
  metrics.gauge_function("process_open_fds", "Number of open file descriptors.", open_descriptors);
}

}  // namespace mizzen
