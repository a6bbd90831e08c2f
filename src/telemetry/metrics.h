#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"

namespace mizzen {

/// A count that only grows. Threading: thread-safe, one relaxed atomic.
class Counter {
 public:
  void add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_ = 0;
};

/// A number that goes up and down. Threading: thread-safe.
class Gauge {
 public:
  void set(double v) { value_.store(v, std::memory_order_relaxed); }
  void add(double by);
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

/// How often observed values fell under each bound. Threading: thread-safe; a scrape may see an observation
/// half done.
class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds);
  void observe(double value);
  uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  double sum() const { return sum_.value(); }
  const std::vector<double>& bounds() const { return bounds_; }
  /// Observations in bucket i alone (not cumulative); i == bounds().size() is above all.
  uint64_t bucket(size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }

 private:
  const std::vector<double> bounds_;  ///< ascending
  std::unique_ptr<std::atomic<uint64_t>[]> buckets_;
  std::atomic<uint64_t> count_ = 0;
  Gauge sum_;
};
/// 5 ms to 10 s, the default of Prometheus clients.
std::vector<double> default_buckets();
/// `count` bounds from `start`, each `factor` times the one before.
std::vector<double> exponential_buckets(double start, double factor, size_t count);

/// Role: the metrics of one name, told apart by label values: requests.with({"GET", "200"}).add().
/// Threading: thread-safe; with() takes a lock and a map look-up, so hot paths keep the reference it returns
/// (it stays valid as long as the family). Bounds: kSeriesMax label combinations; further ones share one
/// series whose label values are all "overflow".
template <typename T>
class Family {
 public:
  Family(std::vector<std::string> labels, std::function<std::unique_ptr<T>()> make)
      : labels_(std::move(labels)), make_(std::move(make)) {}
  T& with(std::vector<std::string> values) {
    Lock lock(m_);
    values.resize(labels_.size());
    auto found = series_.find(values);
    if (found != series_.end()) return *found->second;
    if (series_.size() >= kSeriesMax) values.assign(labels_.size(), "overflow");
    std::unique_ptr<T>& slot = series_[std::move(values)];
    if (!slot) slot = make_();
    return *slot;
  }
  /// Forgets a series (its object is gone). References to it are invalid afterwards.
  void remove(std::vector<std::string> values) {
    Lock lock(m_);
    values.resize(labels_.size());
    series_.erase(values);
  }
  void each(const std::function<void(const std::vector<std::string>&, const T&)>& f) const {
    Lock lock(m_);
    for (const auto& [values, metric] : series_) f(values, *metric);
  }
  const std::vector<std::string>& labels() const { return labels_; }
  static constexpr size_t kSeriesMax = 2000;

 private:
  const std::vector<std::string> labels_;
  const std::function<std::unique_ptr<T>()> make_;
  mutable Mutex m_;
  std::map<std::vector<std::string>, std::unique_ptr<T>> series_ MZ_GUARDED_BY(m_);
};

/// Role: all metrics of a component set; made by main and passed to who counts. No global one exists.
/// Threading: thread-safe. Invariants: a name is registered with one type and one set of labels; asking again
/// for the same returns the same; asking for something else under a used name aborts (a bug, never input).
class Metrics {
 public:
  Metrics() = default;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counter& counter(std::string_view name, std::string_view help);
  Gauge& gauge(std::string_view name, std::string_view help);
  Histogram& histogram(std::string_view name, std::string_view help,
                       std::vector<double> bounds = default_buckets());
  Family<Counter>& counters(std::string_view name, std::string_view help, std::vector<std::string> labels);
  Family<Gauge>& gauges(std::string_view name, std::string_view help, std::vector<std::string> labels);
  Family<Histogram>& histograms(std::string_view name, std::string_view help, std::vector<std::string> labels,
                                std::vector<double> bounds = default_buckets());
  /// A gauge whose value is asked for at each scrape. `read` must be quick and thread-safe, and outlive the
  /// registry.
  void gauge_function(std::string_view name, std::string_view help, std::function<double()> read);
  /// The same for a number that only grows.
  void counter_function(std::string_view name, std::string_view help, std::function<double()> read);
  /// One series of a name whose numbers are asked for at each scrape.
  struct Sample {
    std::vector<std::string> values;  ///< of the labels
    double value = 0;
  };
  using Collect = std::function<void(std::vector<Sample>&)>;
  /// Series that are asked for at each scrape; several sources may share a name, each adding its own label
  /// values. `collect` as `read` above.
  void gauge_collector(std::string_view name, std::string_view help, std::vector<std::string> labels,
                       Collect collect);
  void counter_collector(std::string_view name, std::string_view help, std::vector<std::string> labels,
                         Collect collect);

  /// The text format 0.0.4: text/plain; version=0.0.4; charset=utf-8. Names in order.
  std::string text() const;

 private:
  struct Entry {
    std::string help;
    std::unique_ptr<Family<Counter>> counters;
    std::unique_ptr<Family<Gauge>> gauges;
    std::unique_ptr<Family<Histogram>> histograms;
    std::vector<std::string> collected_labels;
    std::vector<Collect> collectors;
    bool collected_is_counter = false;
  };
  Entry& entry(std::string_view name, std::string_view help) MZ_REQUIRES(m_);
  void collector(std::string_view name, std::string_view help, std::vector<std::string> labels, bool counter,
                 Collect collect);

  mutable Mutex m_;
  std::map<std::string, Entry, std::less<>> entries_ MZ_GUARDED_BY(m_);
};

/// Memory, CPU seconds, descriptors and start time of this process, as every Prometheus client has them.
void register_process_metrics(Metrics& metrics, const Clock& clock);

}  // namespace mizzen
