#include "app/bus_keys.h"

#include <array>
#include <fstream>
#include <sstream>

#include "app/env_file.h"

namespace matchbus::app {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

Entries read_entries(const std::string& path) {
  std::ifstream file(path);
  if (!file) return {};
  std::stringstream text;
  text << file.rdbuf();
  return parse_env_file(text.str());
}

// The first of a name counts, as when the file is loaded.
std::string value_of(const Entries& entries, std::string_view name) {
  for (const auto& [key, value] : entries) {
    if (key == name) return value;
  }
  return {};
}

// The value is a file's name, or the key itself.
Result<std::string> read_pem(const std::string& value) {
  if (value.empty() || value.starts_with("-----BEGIN ")) return value;
  std::ifstream file(value);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return Error{"cannot read '" + value + "'"};
  // Whoever writes a file anew may have just emptied it.
  if (text.str().empty()) return Error{"'" + value + "' is empty"};
  return text.str();
}

constexpr std::array<std::pair<const char*, std::string Options::*>, 5> kNames = {
    {{"JWT_SECRET", &Options::jwt_secret},
     {"JWT_SECRET_PREVIOUS", &Options::jwt_secret_previous},
     {"JWT_PUBLIC_KEY", &Options::jwt_public_key},
     {"JWT_PUBLIC_KEY_PREVIOUS", &Options::jwt_public_key_previous},
     {"BUS_API_KEY", &Options::bus_api_key}}};

}  // namespace

BusKeys::BusKeys(const Options& options, std::string env_file)
    : options_(options), env_file_(std::move(env_file)), entries_(read_entries(env_file_)) {}

Result<bus::TokenVerifier> BusKeys::verifier() const {
  bus::TokenOptions tokens;
  tokens.secret = options_.jwt_secret;
  tokens.previous_secret = options_.jwt_secret_previous;
  auto pem = read_pem(options_.jwt_public_key);
  if (!pem) return Error{"JWT_PUBLIC_KEY: " + pem.error().message};
  tokens.public_key = std::move(*pem);
  pem = read_pem(options_.jwt_public_key_previous);
  if (!pem) return Error{"JWT_PUBLIC_KEY_PREVIOUS: " + pem.error().message};
  tokens.previous_public_key = std::move(*pem);
  tokens.issuer = options_.jwt_issuer;
  tokens.audience = options_.jwt_audience;
  tokens.leeway_s = options_.jwt_leeway_s;
  return bus::TokenVerifier::create(tokens);
}

void BusKeys::reload() {
  Entries entries = read_entries(env_file_);
  for (const auto& [name, field] : kNames) {
    if (options_.*field == value_of(entries_, name)) options_.*field = value_of(entries, name);
  }
  entries_ = std::move(entries);
}

}  // namespace matchbus::app
