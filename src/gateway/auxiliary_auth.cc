#include "gateway/auxiliary_auth.h"

#include <mbedtls/md.h>

#include <array>
#include <utility>

#include "base/base64.h"

namespace matchbus::gateway {
namespace {

constexpr std::array<std::pair<std::string_view, AuxiliaryAuth>, 3> kNames = {
    {{"open", AuxiliaryAuth::kOpen}, {"key", AuxiliaryAuth::kKey}, {"secret", AuxiliaryAuth::kSecret}}};

std::string_view name_of(AuxiliaryAuth auth) {
  for (const auto& [name, value] : kNames) {
    if (value == auth) return name;
  }
  return {};
}

const unsigned char* as_unsigned(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

std::optional<AuxiliaryAuth> read_auxiliary_auth(std::string_view text) {
  for (const auto& [name, value] : kNames) {
    if (name == text) return value;
  }
  return std::nullopt;
}

std::string auxiliary_proof(AuxiliaryAuth auth, std::string_view secret, std::string_view match_id) {
  std::string text = "auxiliary ";
  text.append(name_of(auth)).append(1, '\n').append(match_id);
  std::array<unsigned char, 32> digest{};
  mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), as_unsigned(secret), secret.size(), as_unsigned(text),
                  text.size(), digest.data());
  std::string proof;
  append_base64url(proof, {reinterpret_cast<const char*>(digest.data()), digest.size()});
  return proof;
}

}  // namespace matchbus::gateway
