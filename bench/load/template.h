#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mizzen::bench {

/// Role: a text with places that differ by request: $I the object's number in eight digits, $G the number of
/// its group in eight digits, $N the request's serial number in ten. All results have the same length, so
/// that every side gets the same bytes.
class Template {
 public:
  static constexpr long kGroup = 10;  ///< objects with the same $G

  explicit Template(std::string_view text);
  std::string fill(long index, long serial) const;

 private:
  struct Piece {
    std::string text;
    char place;  ///< what follows the text; 0 at the end
  };
  std::vector<Piece> pieces_;
};

/// How an object's number is written.
std::string number_text(long index);

}  // namespace mizzen::bench
