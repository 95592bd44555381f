// Fuzzes the HTTP client's reading of answers: the first byte says whether they answer HEAD and how the bytes are cut.
// The same bytes cut differently must give the same answer.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/http_exchange.h"

namespace {

matchbus::net::HttpAnswerReader read(std::string_view input, bool to_head, size_t piece) {
  matchbus::net::HttpAnswerReader reader(to_head, 2'000, 1'000);
  while (!input.empty() && reader.state() == matchbus::net::HttpAnswerReader::State::kMore) {
    const std::string part(input.substr(0, std::min(piece, input.size())));
    input.remove_prefix(reader.feed(part));
  }
  reader.on_end();
  return reader;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  const bool to_head = (data[0] & 1) != 0;
  auto whole = read(input, to_head, size);
  auto pieces = read(input, to_head, 1 + data[0] / 8);
  if (whole.state() != pieces.state()) std::abort();
  if (whole.state() != matchbus::net::HttpAnswerReader::State::kDone) return 0;
  if (whole.answer().body != pieces.answer().body || whole.answer().body.size() > 1'000) std::abort();
  if (whole.keep_alive() != pieces.keep_alive()) std::abort();
  return 0;
}
