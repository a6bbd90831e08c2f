#include "cri/client.h"

#include "rpc/typed.h"

namespace mizzen::cri {

Client::Client(std::unique_ptr<rpc::Channel> channel) : channel_(std::move(channel)) {}
Client::~Client() = default;

Result<std::unique_ptr<rpc::Channel>> open_channel(const std::string& endpoint) {
  rpc::ChannelOptions options;
  options.target = endpoint.starts_with("/") ? "unix://" + endpoint : endpoint;
  if (!options.target.starts_with("unix:///")) {
    return Error(Code::BadRequest, "the runtime endpoint must be unix:// with an absolute path: " + endpoint);
  }
  return rpc::Channel::open(std::move(options));
}

Result<std::unique_ptr<Client>> Client::open(const std::string& endpoint) {
  MZ_ASSIGN(auto channel, open_channel(endpoint));
  return std::unique_ptr<Client>(new Client(std::move(channel)));
}

#define MZ_CRI_DEFINE(service, wire, name)                                                               \
  void Client::name(const v1::wire##Request& request, const Call& call, Done<v1::wire##Response> done) { \
    static constexpr rpc::Method<v1::wire##Request, v1::wire##Response> kMethod{"/runtime.v1." #service  \
                                                                                "/" #wire};              \
    rpc::call<v1::wire##Request, v1::wire##Response>(*channel_, kMethod, request, call.deadline,         \
                                                     {.stop = call.stop}, std::move(done));              \
  }
MZ_CRI_CALLS(MZ_CRI_DEFINE)
#undef MZ_CRI_DEFINE

}  // namespace mizzen::cri
