// bench_load VERB --port N --ca FILE --cert FILE --key FILE [--address A] ...: one kind of load on a
// Kubernetes API server, ours or another; what each verb takes stands in its file. Prints one line of JSON;
// ends with 1 and a message where an answer is wrong.
#include <fmt/format.h>

#include <map>

#include "run.h"

int main(int argc, char** argv) {
  using namespace mizzen::bench;
  static const std::map<std::string, void (*)(const Words&)> kVerbs = {
      {"repeat", repeat}, {"send", send}, {"fan_out", fan_out}, {"watch_list", watch_list}, {"hold", hold}};
  const auto verb = argc > 1 ? kVerbs.find(argv[1]) : kVerbs.end();
  if (verb == kVerbs.end()) fail("repeat, send, fan_out, watch_list or hold is expected; see bench/load/");
  verb->second(Words(argc, argv, 2));
  return 0;
}
