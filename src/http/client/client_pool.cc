#include "http/client/client_pool.h"

#include <algorithm>

namespace mizzen::http {

Result<ClientTls> ClientPool::tls_for(const Target& target) {
  if (!target.tls) return ClientTls();
  Lock lock(m);
  if (!tls) {
    MZ_ASSIGN(tls, TlsContext::client(options.tls));
  }
  return ClientTls{tls, tls_generation};
}

CallContext ClientPool::dial_context(const CallContext& context) const {
  const auto own = Deadline::after(options.connect_timeout, loops.clock());
  return {Deadline::at(std::min(context.deadline.when(), own.when()), loops.clock()), context.stop};
}

Headers ClientPool::full_headers(const ClientRequest& request) const {
  Headers headers = request.headers;
  if (!headers.has("User-Agent")) headers.add("User-Agent", options.user_agent);
  if (options.bearer_token && !headers.has("Authorization")) {
    const std::string token = options.bearer_token();
    if (!token.empty()) headers.add("Authorization", "Bearer " + token);
  }
  return headers;
}

DuplexPtr ClientPool::to_duplex(Loop& loop, Socket socket, std::string early_input) {
  auto duplex = std::make_shared<DuplexImpl>(loop);
  bool late = false;
  {
    Lock lock(m);
    late = stopped;
    std::erase_if(duplexes, [](const auto& weak) { return weak.expired(); });
    duplexes.push_back(duplex);
  }
  duplex->attach(std::move(socket), OutQueue(), std::move(early_input));
  if (late) duplex->request_cut();
  return make_duplex(std::move(duplex));
}

void ClientPool::wake() {
  changed.notify_all();
  for (auto& [loop, look] : waiters) loop->post(std::move(look));
  waiters.clear();
}

}  // namespace mizzen::http
