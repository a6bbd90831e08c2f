#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace mizzen::http {

/// Opcodes of RFC 6455.
enum class WsOpcode : uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

/// One whole frame. With a mask (clients must, servers must not) the payload is masked by it.
std::string websocket_frame(WsOpcode opcode, std::string_view payload, const uint32_t* mask);
/// Payload of a close frame.
std::string websocket_close_payload(uint16_t code, std::string_view reason);

}  // namespace mizzen::http
