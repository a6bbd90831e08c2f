#include "linux/net/nftables.h"

#include <fmt/format.h>
#include <nftables/libnftables.h>

#include <memory>

#include "base/strings.h"

namespace mizzen::linux {
namespace {

struct FreeContext {
  void operator()(nft_ctx* c) const { ::nft_ctx_free(c); }
};

struct Answer {
  bool ok = false;
  std::string output;
  std::string errors;
};

Result<Answer> execute(const std::string& commands, unsigned output_flags = 0) {
  std::unique_ptr<nft_ctx, FreeContext> context(::nft_ctx_new(NFT_CTX_DEFAULT));
  if (!context) return Error(Code::InternalError, "nftables: no context");
  if (output_flags) ::nft_ctx_output_set_flags(context.get(), output_flags);
  ::nft_ctx_buffer_output(context.get());
  ::nft_ctx_buffer_error(context.get());
  Answer answer;
  answer.ok = ::nft_run_cmd_from_buffer(context.get(), commands.c_str()) == 0;
  answer.output = ::nft_ctx_get_output_buffer(context.get());
  answer.errors = ::nft_ctx_get_error_buffer(context.get());
  return answer;
}

Result<std::string> list_table(std::string_view family, std::string_view table, unsigned output_flags) {
  MZ_ASSIGN(auto answer, execute(fmt::format("list table {} {}", family, table), output_flags));
  if (answer.ok) return std::move(answer.output);
  const bool absent = answer.errors.find("No such file or directory") != std::string::npos;
  return Error(absent ? Code::NotFound : Code::InternalError,
               fmt::format("nftables: {}", trim(answer.errors)));
}

}  // namespace

Result<void> nft(const std::string& commands) {
  MZ_ASSIGN(const auto answer, execute(commands));
  if (!answer.ok) return Error(Code::Invalid, fmt::format("nftables: {}", trim(answer.errors)));
  return {};
}

Result<std::string> nft_list_table(std::string_view family, std::string_view table) {
  return list_table(family, table, 0);
}

Result<std::string> nft_list_table_json(std::string_view family, std::string_view table) {
  return list_table(family, table, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_ALL);
}

Result<void> nft_delete_table(std::string_view family, std::string_view table) {
  return nft(fmt::format("table {0} {1} {{}}\ndelete table {0} {1}\n", family, table));
}

}  // namespace mizzen::linux
