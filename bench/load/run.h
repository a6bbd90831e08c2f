#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connection.h"

namespace mizzen::bench {

using Moment = std::chrono::steady_clock::time_point;
inline Moment now() { return std::chrono::steady_clock::now(); }
inline double micros(Moment from, Moment to) {
  return std::chrono::duration<double, std::micro>(to - from).count();
}

/// Role: the words of the command line, `--name value` each. Failure: ends the program where one is missing.
class Words {
 public:
  Words(int count, char** words, int first);
  std::string text(const std::string& name) const;
  std::string text(const std::string& name, const std::string& otherwise) const;
  long number(const std::string& name) const;
  long number(const std::string& name, long otherwise) const;
  /// What stands in the file that is named.
  std::string content(const std::string& name) const;
  Endpoint endpoint() const;

 private:
  std::map<std::string, std::string> values_;
};

/// The value below which `share` of the values lie; 0 of none. Sorts.
double share_of(std::vector<double>& values, double share);

/// Seconds of CPU that this program has taken: where they come near the server's own, it is the bottleneck.
double own_cpu_seconds();

/// Opens --connections (4) to the endpoint.
std::vector<std::unique_ptr<Connection>> connect_all(Poller& poller, const Words& words);

/// Waits for a line on standard input after having told `what`.
void say_and_wait(Poller& poller, const std::string& what);

// The verbs; each prints one line of JSON at its end and ends the program where an answer is wrong.
void repeat(const Words& words);
void send(const Words& words);
void fan_out(const Words& words);
void watch_list(const Words& words);
void hold(const Words& words);

}  // namespace mizzen::bench
