#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/base64.h"

namespace matchbus {

void random_bytes(std::span<char> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got > 0) {
      out = out.subspan(static_cast<size_t>(got));
    } else if (errno != EINTR) {
      std::abort();
    }
  }
}

std::string random_text(size_t length, std::string_view alphabet) {
  // Bytes at or over the largest multiple of the alphabet's size are thrown away: no character is likelier.
  const size_t limit = 256 - 256 % alphabet.size();
  std::string out;
  out.reserve(length);
  std::array<char, 64> pool{};
  while (out.size() < length) {
    random_bytes(pool);
    for (const char c : pool) {
      const size_t value = static_cast<unsigned char>(c);
      if (value < limit && out.size() < length) out += alphabet[value % alphabet.size()];
    }
  }
  return out;
}

std::string random_id() { return random_text(20, kBase64UrlAlphabet); }

}  // namespace matchbus
