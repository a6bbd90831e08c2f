#include "template.h"

#include <fmt/format.h>

namespace mizzen::bench {

Template::Template(std::string_view text) {
  size_t begun = 0;
  for (size_t at = 0; (at = text.find('$', at)) != std::string_view::npos; ++at) {
    const char place = at + 1 < text.size() ? text[at + 1] : '\0';
    if (place != 'I' && place != 'G' && place != 'N') continue;
    pieces_.push_back({std::string(text.substr(begun, at - begun)), place});
    begun = at + 2;
  }
  pieces_.push_back({std::string(text.substr(begun)), '\0'});
}

std::string Template::fill(long index, long serial) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    out += piece.text;
    if (piece.place == 'I') out += number_text(index);
    if (piece.place == 'G') out += number_text(index / kGroup);
    if (piece.place == 'N') out += fmt::format("{:010}", serial);
  }
  return out;
}

std::string number_text(long index) { return fmt::format("{:08}", index); }

}  // namespace mizzen::bench
