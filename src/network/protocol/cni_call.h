#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mizzen::network {

/// One call of a CNI runtime: what it says in the environment of the plug-in and on its standard input.
struct CniCall {
  std::string command;  ///< ADD, DEL, CHECK, VERSION, STATUS, GC
  std::string container_id;
  std::string network_namespace;
  std::string interface;
  std::string arguments;  ///< CNI_ARGS
  std::string config;
};

/// What the plug-in answers: text for stdout and the exit code (0, or 1 with an error document).
struct CniAnswer {
  std::string output;
  int exit_code = 0;
};

/// A longer call is no call.
inline constexpr size_t kCniCallBytesMax = 2u << 20;

/// The plug-in and the node's network talk over a stream socket: the plug-in sends one call and shuts its
/// side, the network sends one answer and closes. Pure; decoding gives nothing where the text is cut short or
/// of another version of this protocol.
std::string encode_call(const CniCall& call);
std::optional<CniCall> decode_call(std::string_view text);
std::string encode_answer(const CniAnswer& answer);
std::optional<CniAnswer> decode_answer(std::string_view text);

}  // namespace mizzen::network
