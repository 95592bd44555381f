// Whatever may stand in a `.env` file, and as the value of an option: entries with names that an environment can have,
// and values that are refused with a reason or fit.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "app/env_file.h"
#include "app/journal_sync.h"
#include "app/option_value.h"

namespace {

using namespace matchbus::app;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_name(std::string_view text) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
  constexpr std::string_view kAll = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  return !text.empty() && kLetters.find(text[0]) != std::string_view::npos &&
         text.find_first_not_of(kAll) == std::string_view::npos;
}

void check_file(std::string_view text) {
  for (const auto& [name, value] : parse_env_file(text)) {
    require(is_name(name));
    require(value.size() <= text.size());
    // As one would write it.
    if (value.find_first_of("\"'\\\n#") != std::string::npos || value.find('\0') != std::string::npos) continue;
    const auto again = parse_env_file(name + "=\"" + value + "\"\n");
    require(again.size() == 1 && again[0].first == name && again[0].second == value);
  }
}

void check_values(const std::string& text) {
  std::string number = text;
  if (check_whole_number(number, 3, 100'000).empty()) {
    require(number.size() <= 6 && std::to_string(std::stoul(number)) == number);
    require(std::stoul(number) >= 3 && std::stoul(number) <= 100'000);
  }
  std::string truth = text;
  if (check_truth(truth).empty()) require(truth == "true" || truth == "false");
  if (const auto policy = read_sync_policy(text))
    require(policy->interval_ms >= 0 && policy->interval_ms <= 86'400'000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_file(text);
  check_values(text);
  return 0;
}
