#pragma once
#include <memory>
#include <string>

#include "cri/runtime.h"
#include "rpc/channel.h"

namespace mizzen::cri {

/// A channel to a runtime's socket. `endpoint`: unix:///absolute/path or a plain path; BadRequest for any
/// other.
Result<std::unique_ptr<rpc::Channel>> open_channel(const std::string& endpoint);

/// The Runtime behind a CRI socket: containerd, CRI-O or another Mizzen's.
/// Threading: thread-safe; `done` is told on a thread of the gRPC library.
/// Failure: errors carry the text a Go client prints (`rpc error: code = NotFound desc = ...`), as upstream's
/// events do.
class Client final : public Runtime {
 public:
  /// Does not connect yet.
  static Result<std::unique_ptr<Client>> open(const std::string& endpoint);
  ~Client() override;

#define MZ_CRI_DECLARE(service, wire, name) \
  void name(const v1::wire##Request& request, const Call& call, Done<v1::wire##Response> done) override;
  MZ_CRI_CALLS(MZ_CRI_DECLARE)
#undef MZ_CRI_DECLARE

 private:
  explicit Client(std::unique_ptr<rpc::Channel> channel);
  std::unique_ptr<rpc::Channel> channel_;
};

}  // namespace mizzen::cri
