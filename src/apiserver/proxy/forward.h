#pragma once
#include "apiserver/verbs/http_api.h"
#include "async/stop.h"
#include "http/client/client.h"

/// How a request goes on to somebody behind the API server: a kubelet, or a pod.
namespace mizzen::apiserver {

/// Answers with a Status.
void refuse(const HandlingPtr& handling, const Error& error);

/// What a backend that could not be called is told as.
Error dial_failed(const Error& error);
/// A backend's refusal, as the API says it: its text with the nearest reason.
Error from_backend(int status, std::string_view text);

/// The client's own upgrade goes through byte for byte. Blocks until both sides have agreed.
void forward_upgrade(const HandlingPtr& handling, http::Client& client, http::ClientRequest request);

/// Answers with what is read, as it comes. Blocks until the end, the client's going, or `stop`.
void forward_body(const HandlingPtr& handling, http::ResponseReader& reader, int status,
                  http::Headers headers, const StopToken& stop);

/// The same over the WebSocket that the client asks for: each piece is a message, in base64 where it wants
/// "base64.binary.k8s.io"; an empty one comes first. What the client sends is passed over.
void forward_messages(const HandlingPtr& handling, http::ResponseReader& reader, const StopToken& stop);

}  // namespace mizzen::apiserver
