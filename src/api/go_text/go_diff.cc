#include "api/go_text/go_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/strings.h"
#include "codec/json/indent.h"

namespace mizzen::api {
namespace {

using Lines = std::vector<std::string>;

/// As upstream prints objects before it compares their lines.
Lines indented(std::string_view json) {
  const std::string text = codec::indent_json(json, 1);
  Lines lines;
  for (const std::string_view line : split(text, '\n')) lines.emplace_back(line);
  return lines;
}

struct Match {
  size_t a, b, size;
};

/// Role: finds what two lists of lines have in common, as Ratcliff and Obershelp do: the longest common
/// piece, then those before and after it. Lines that occur very often in a long text do not begin a piece.
class Matcher {
 public:
  Matcher(const Lines& a, const Lines& b) : a_(a), b_(b) {
    constexpr size_t kLong = 200;
    for (size_t i = 0; i < b.size(); ++i) where_[b[i]].push_back(i);
    if (b.size() >= kLong)
      std::erase_if(where_, [&](const auto& e) { return e.second.size() > b.size() / 100 + 1; });
  }

  /// In order, adjacent ones joined, an empty one at the end.
  std::vector<Match> matches() const {
    std::vector<Match> found, out;
    find(0, a_.size(), 0, b_.size(), found);
    for (const Match& m : found) {
      if (!out.empty() && out.back().a + out.back().size == m.a && out.back().b + out.back().size == m.b) {
        out.back().size += m.size;
      } else {
        out.push_back(m);
      }
    }
    out.push_back({a_.size(), b_.size(), 0});
    return out;
  }

 private:
  Match longest(size_t a0, size_t a1, size_t b0, size_t b1) const {
    Match best{a0, b0, 0};
    std::map<size_t, size_t> ending;  // length of the piece that ends at a line of b
    for (size_t i = a0; i < a1; ++i) {
      std::map<size_t, size_t> next;
      const auto it = where_.find(a_[i]);
      for (const size_t j : it == where_.end() ? std::vector<size_t>() : it->second) {
        if (j < b0) continue;
        if (j >= b1) break;
        const auto before = j == 0 ? ending.end() : ending.find(j - 1);
        const size_t k = (before == ending.end() ? 0 : before->second) + 1;
        next[j] = k;
        if (k > best.size) best = {i + 1 - k, j + 1 - k, k};
      }
      ending = std::move(next);
    }
    while (best.a > a0 && best.b > b0 && a_[best.a - 1] == b_[best.b - 1]) --best.a, --best.b, ++best.size;
    while (best.a + best.size < a1 && best.b + best.size < b1 &&
           a_[best.a + best.size] == b_[best.b + best.size])
      ++best.size;
    return best;
  }

  void find(size_t a0, size_t a1, size_t b0, size_t b1, std::vector<Match>& out) const {
    const Match m = longest(a0, a1, b0, b1);
    if (m.size == 0) return;
    if (a0 < m.a && b0 < m.b) find(a0, m.a, b0, m.b, out);
    out.push_back(m);
    if (m.a + m.size < a1 && m.b + m.size < b1) find(m.a + m.size, a1, m.b + m.size, b1, out);
  }

  const Lines &a_, &b_;
  std::map<std::string, std::vector<size_t>, std::less<>> where_;  ///< lines of b
};

/// A piece of both texts: the same in both, or one in place of the other.
struct Piece {
  bool same;
  size_t a0, a1, b0, b1;
};

std::vector<Piece> pieces_of(const Lines& a, const Lines& b) {
  std::vector<Piece> out;
  size_t i = 0, j = 0;
  for (const Match& m : Matcher(a, b).matches()) {
    if (i < m.a || j < m.b) out.push_back({false, i, m.a, j, m.b});
    if (m.size > 0) out.push_back({true, m.a, m.a + m.size, m.b, m.b + m.size});
    i = m.a + m.size;
    j = m.b + m.size;
  }
  return out;
}

constexpr size_t kContext = 3;

/// Changes that are near each other go together, with the lines around them.
std::vector<std::vector<Piece>> groups_of(std::vector<Piece> pieces) {
  std::vector<std::vector<Piece>> out;
  if (pieces.empty()) return out;
  if (Piece& first = pieces.front(); first.same) {
    first.a0 = std::max(first.a0 + kContext, first.a1) - kContext;
    first.b0 = std::max(first.b0 + kContext, first.b1) - kContext;
  }
  if (Piece& last = pieces.back(); last.same) {
    last.a1 = std::min(last.a1, last.a0 + kContext);
    last.b1 = std::min(last.b1, last.b0 + kContext);
  }
  std::vector<Piece> group;
  for (Piece p : pieces) {
    if (p.same && p.a1 - p.a0 > 2 * kContext) {
      group.push_back({true, p.a0, p.a0 + kContext, p.b0, p.b0 + kContext});
      out.push_back(std::move(group));
      group.clear();
      p.a0 = p.a1 - kContext;
      p.b0 = p.b1 - kContext;
    }
    group.push_back(p);
  }
  if (!(group.size() == 1 && group[0].same)) out.push_back(std::move(group));
  return out;
}

std::string range(size_t begin, size_t end) {
  const size_t length = end - begin;
  if (length == 1) return std::to_string(begin + 1);
  return fmt::format("{},{}", length == 0 ? begin : begin + 1, length);
}

}  // namespace

std::string go_diff(std::string_view before, std::string_view after) {
  const Lines a = indented(before), b = indented(after);
  std::string out;
  const auto write = [&](char mark, const Lines& lines, size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) out += mark + lines[i] + "\n";
  };
  for (const auto& group : groups_of(pieces_of(a, b))) {
    out += fmt::format("@@ -{} +{} @@\n", range(group.front().a0, group.back().a1),
                       range(group.front().b0, group.back().b1));
    for (const Piece& p : group) {
      if (p.same) {
        write(' ', a, p.a0, p.a1);
        continue;
      }
      write('-', a, p.a0, p.a1);
      write('+', b, p.b0, p.b1);
    }
  }
  return out;
}

}  // namespace mizzen::api
