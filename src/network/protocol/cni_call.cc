#include "network/protocol/cni_call.h"

#include <array>

#include "base/strings.h"

namespace mizzen::network {
namespace {

constexpr std::string_view kProtocol = "mizzen-cni/1";

/// Takes what stands before the next `end` off `text`; nothing where there is none.
std::optional<std::string_view> take_until(std::string_view& text, char end) {
  const size_t at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const auto out = text.substr(0, at);
  text.remove_prefix(at + 1);
  return out;
}

}  // namespace

/// Nothing from an environment has a NUL in it, and the configuration comes last.
std::string encode_call(const CniCall& call) {
  std::string out;
  for (const std::string_view part :
       {kProtocol, std::string_view(call.command), std::string_view(call.container_id),
        std::string_view(call.network_namespace), std::string_view(call.interface),
        std::string_view(call.arguments)}) {
    out += part;
    out += '\0';
  }
  return out + std::to_string(call.config.size()) + '\0' + call.config;
}

std::optional<CniCall> decode_call(std::string_view text) {
  if (take_until(text, '\0') != kProtocol) return std::nullopt;
  CniCall out;
  for (std::string* part :
       {&out.command, &out.container_id, &out.network_namespace, &out.interface, &out.arguments}) {
    const auto word = take_until(text, '\0');
    if (!word) return std::nullopt;
    *part = *word;
  }
  const auto length = take_until(text, '\0');
  if (!length || parse_int<size_t>(*length) != text.size()) return std::nullopt;
  out.config = text;
  return out;
}

std::string encode_answer(const CniAnswer& answer) {
  return std::to_string(answer.exit_code) + " " + std::to_string(answer.output.size()) + "\n" + answer.output;
}

std::optional<CniAnswer> decode_answer(std::string_view text) {
  const auto code = take_until(text, ' ');
  const auto length = code ? take_until(text, '\n') : std::nullopt;
  const auto exit_code = length ? parse_int<int>(*code) : std::nullopt;
  if (!exit_code || parse_int<size_t>(*length) != text.size()) return std::nullopt;
  return CniAnswer{std::string(text), *exit_code};
}

}  // namespace mizzen::network
