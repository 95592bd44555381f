#include "app/secret_arguments.h"

#include <algorithm>
#include <cstring>

namespace matchbus::app {
namespace {

// Its length is a hint, too. What is behind the first character is shown as empty arguments.
void wipe(char* text) {
  const size_t size = std::strlen(text);
  std::memset(text, 0, size);
  if (size != 0) *text = '*';
}

}  // namespace

std::vector<const char*> Arguments::argv() const {
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  pointers.push_back(nullptr);
  return pointers;
}

Arguments take_arguments(int argc, char** argv, std::span<const SecretFlag> flags) {
  Arguments taken;
  for (int i = 0; i < argc; ++i) taken.texts.emplace_back(argv[i]);
  for (int i = 1; i < argc; ++i) {
    const std::string_view text = taken.texts[static_cast<size_t>(i)];
    const std::string_view name = text.substr(0, text.find('='));
    const auto flag = std::find_if(flags.begin(), flags.end(), [&](const SecretFlag& it) { return it.flag == name; });
    if (flag == flags.end()) continue;
    const bool is_behind = name.size() == text.size();  // the value is the next argument
    if (is_behind && i + 1 == argc) break;
    char* const value = is_behind ? argv[++i] : argv[i] + name.size() + 1;
    if (*value == '\0' || (flag->only_with_user && std::strchr(value, '@') == nullptr)) continue;
    wipe(value);
    const bool is_told = std::any_of(taken.secrets.begin(), taken.secrets.end(),
                                     [&](const SecretFlag& told) { return told.flag == flag->flag; });
    if (!is_told) taken.secrets.push_back(*flag);
  }
  return taken;
}

std::string advice_on(const SecretFlag& secret) {
  return std::string(secret.flag) + " was given as an argument, which everybody on this machine could see in ps: set " +
         std::string(secret.environment) + " in the environment or in .env instead";
}

}  // namespace matchbus::app
