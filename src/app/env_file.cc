#include "app/env_file.h"

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

namespace matchbus::app {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

bool is_name(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front()))) return false;
  for (const char c : text) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_') return false;
  }
  return true;
}

// A value between quotes. It ends at the first quote that only a comment follows, if anything; nothing if there is
// none. Inside double quotes a backslash takes the next character as it is.
std::optional<std::string> quoted_value(std::string_view text) {
  const char quote = text.front();
  std::string out;
  for (size_t i = 1; i < text.size(); ++i) {
    const std::string_view rest = trim(text.substr(i + 1));
    if (text[i] == quote && (rest.empty() || rest.front() == '#')) return out;
    if (quote == '"' && text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      out += text[i] == 'n' ? '\n' : text[i];
    } else {
      out += text[i];
    }
  }
  return std::nullopt;
}

std::string value_of(std::string_view text) {
  const std::string_view value = trim(text);
  if (value.starts_with('"') || value.starts_with('\'')) {
    if (auto inside = quoted_value(value)) return *std::move(inside);
  }
  // Behind blanks a comment begins, even where there is no value before it.
  for (size_t i = text.find('#'); i != std::string_view::npos; i = text.find('#', i + 1)) {
    if (i != 0 && std::isspace(static_cast<unsigned char>(text[i - 1]))) return std::string(trim(text.substr(0, i)));
  }
  return std::string(trim(text));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_env_file(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // some editors begin UTF-8 with it
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<std::pair<std::string, std::string>> entries;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.starts_with("export ")) line = trim(line.substr(7));
    const size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    const std::string_view name = trim(line.substr(0, equals));
    if (is_name(name)) entries.emplace_back(name, value_of(line.substr(equals + 1)));
  }
  return entries;
}

void load_env_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) return;
  std::stringstream text;
  text << file.rdbuf();
  constexpr int kKeepExisting = 0;
  for (const auto& [name, value] : parse_env_file(text.str())) setenv(name.c_str(), value.c_str(), kKeepExisting);
}

}  // namespace matchbus::app
