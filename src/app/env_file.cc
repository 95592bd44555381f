#include "app/env_file.h"

#include <cctype>
#include <cstdlib>
#include <fstream>
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

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      out += text[i] == 'n' ? '\n' : text[i];
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string value_of(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'')) {
    const size_t end = text.rfind(text.front());
    if (end > 0) {
      const std::string_view inside = text.substr(1, end - 1);
      return text.front() == '"' ? unescape(inside) : std::string(inside);
    }
  }
  const size_t comment = text.find(" #");
  return std::string(trim(text.substr(0, comment)));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_env_file(std::string_view text) {
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
