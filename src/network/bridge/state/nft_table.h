#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mizzen::network {

/// One rule. The kernel has it as instructions that do not give its text back, so it carries a comment that
/// stands for the text: two rules are the same where their marks are.
struct NftRule {
  std::string mark;
  std::string text;  ///< empty in what was read from the kernel
  friend bool operator==(const NftRule& a, const NftRule& b) { return a.mark == b.mark; }
};
/// A rule in nft's language, with its mark.
NftRule nft_rule(std::string text);

/// A base chain: where the kernel enters it, and its rules in order.
struct NftChain {
  std::string type;
  std::string hook;
  int priority = 0;
  std::vector<NftRule> rules;
  friend bool operator==(const NftChain&, const NftChain&) = default;
};

/// A map, or a set where it has no type of values. Elements are spelled as nft does with numbers for names:
/// "6 . 8080" -> "10.42.0.5 . 80".
struct NftMap {
  std::string key_type;  ///< inet_proto . inet_service
  std::string value_type;
  std::map<std::string, std::string> elements;
  friend bool operator==(const NftMap&, const NftMap&) = default;
};

/// A table of nftables (family ip) as data.
struct NftTable {
  std::map<std::string, NftMap> maps;
  std::map<std::string, NftChain> chains;
  friend bool operator==(const NftTable&, const NftTable&) = default;
};

/// Pure: the commands that make `actual` into `desired` in one transaction; empty where nothing differs. What
/// is the same is not touched. Without `actual` the table is made anew, whatever stands there. Chains, maps
/// and elements that `desired` does not have are removed: the table is ours.
std::string nft_changes(const std::string& table, const NftTable& desired,
                        const std::optional<NftTable>& actual);

/// Pure: what `nft -j -n list table` says. BadRequest where it is not that. Things we never make (counters,
/// chains without a hook) make a table that differs from every desired one.
Result<NftTable> parse_nft_listing(std::string_view json);

}  // namespace mizzen::network
