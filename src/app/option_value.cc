#include "app/option_value.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string_view>

namespace matchbus::app {

std::string check_whole_number(std::string& text, uint64_t least, uint64_t most) {
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end || number < least || number > most) {
    return "'" + text + "' is not a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  }
  text = std::to_string(number);  // without zeros in front, which would make it octal
  return {};
}

std::string check_truth(std::string& text) {
  constexpr std::array<std::string_view, 6> kTrue = {"true", "t", "yes", "y", "on", "1"};
  constexpr std::array<std::string_view, 6> kFalse = {"false", "f", "no", "n", "off", "0"};
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool is_true = std::find(kTrue.begin(), kTrue.end(), lower) != kTrue.end();
  if (!is_true && std::find(kFalse.begin(), kFalse.end(), lower) == kFalse.end()) {
    return "'" + text + "' is neither true nor false";
  }
  text = is_true ? "true" : "false";
  return {};
}

}  // namespace matchbus::app
