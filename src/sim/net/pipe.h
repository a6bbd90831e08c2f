#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/mutex.h"
#include "async/thread.h"
#include "client/api/api_client.h"
#include "sim/check/watch_check.h"
#include "sim/server/server.h"

namespace mizzen::sim {

/// Role: carries one watch from the server to a component: in order, with delays; it may break, and then what
/// was on its way is lost. Threading: confined to the simulation's thread; the component's sink is called by
/// a thread of the pipe's own. Lifecycle: close() returns when no sink call runs, unless it is called by the
/// sink.
class Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  Pipe(World& world, std::string who, WatchCheck check, client::WatchSink sink);
  ~Pipe();

  /// What the server's watch is given.
  client::WatchSink inlet();
  /// Keeps the server's watch, and the server for as long.
  void attach(std::shared_ptr<ServerLife> life, std::unique_ptr<client::Watch> from);
  /// Delivers these first, and what comes after them when that time has passed. Before attach().
  void begin_with(std::vector<client::WatchEvent> events, Duration held);
  /// Begins to deliver.
  void open();
  /// The component is told that the watch has ended; after what came before, unless `at_once`.
  void end(Error error, bool at_once);
  void close();

 private:
  void run();
  /// Waits; what began in trouble ends with it, and with the watch.
  void hold(Duration how_long);
  /// What the server tells, after the fault that was put in, if any.
  void take(std::vector<client::WatchEvent> events);
  /// Takes what comes next; nothing where there is no more.
  std::optional<std::vector<client::WatchEvent>> next();

  World& world_;
  const std::string who_;
  WatchCheck check_;
  const client::WatchSink sink_;
  std::shared_ptr<ServerLife> life_;
  std::unique_ptr<client::Watch> from_;
  Mutex m_;
  CondVar changed_;
  std::deque<std::vector<client::WatchEvent>> queue_ MZ_GUARDED_BY(m_);
  std::optional<Error> end_ MZ_GUARDED_BY(m_);
  bool closed_ MZ_GUARDED_BY(m_) = false;
  bool first_ = false;        ///< what begin_with() gave has not been delivered
  Duration held_{};           ///< the pause after it
  bool silent_ = false;       ///< by a fault that was put in
  uint64_t sink_thread_ = 0;  ///< whose sink call runs
  Thread thread_;
};

}  // namespace mizzen::sim
