#include "apps/config/duration_flag.h"

#include "base/duration.h"

namespace mizzen::apps {

void add_duration(CLI::App& command, const std::string& name, Duration& value, const std::string& help) {
  command
      .add_option_function<std::string>(
          name, [&value](const std::string& text) { value = parse_duration(text).value_or(value); }, help)
      ->check([](const std::string& text) {
        const auto parsed = parse_duration(text);
        return parsed.ok() ? std::string() : parsed.error().message();
      });
}

}  // namespace mizzen::apps
