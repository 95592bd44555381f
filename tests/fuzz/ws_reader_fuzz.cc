// MessageReader on arbitrary bytes: nothing crashes, the limit holds, text is UTF-8, and it makes no difference how the
// bytes are cut.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ws/message_reader.h"
#include "ws/utf8_validator.h"

namespace {

using matchbus::ws::Inflater;
using matchbus::ws::MessageReader;
using matchbus::ws::Opcode;
using matchbus::ws::ReaderEvent;
using matchbus::ws::ReaderRules;

constexpr size_t kMaxMessage = 5000;

void check(bool condition) {
  if (!condition) std::abort();
}

// Everything the reader says, as one text.
std::string read_all(std::string_view input, ReaderRules rules, size_t step) {
  Inflater shared;
  Inflater history;
  if (rules.history != nullptr) rules.history = &history;
  MessageReader reader(shared);
  std::string log;
  while (!input.empty()) {
    const std::string piece(input.substr(0, step));
    input.remove_prefix(piece.size());
    reader.feed(piece, rules);
    for (;;) {
      const ReaderEvent event = reader.next();
      if (event.kind == ReaderEvent::Kind::kNeedMore) break;
      const std::string_view payload(event.payload.data(), event.payload.size());
      check(payload.size() <= kMaxMessage);
      if (event.kind == ReaderEvent::Kind::kMessage && event.opcode == Opcode::kText) {
        check(matchbus::ws::is_utf8(payload));
      }
      log += static_cast<char>('0' + static_cast<int>(event.kind));
      log += std::to_string(event.code);
      log += payload;
      std::fill(event.payload.begin(), event.payload.end(), '\xFF');
      if (event.kind == ReaderEvent::Kind::kClose || event.kind == ReaderEvent::Kind::kError) return log;
    }
  }
  return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const uint8_t flags = data[0];
  Inflater marker;  // only says that there is a history
  const ReaderRules rules{.expect_masked = (flags & 1) != 0,
                          .deflate = (flags & 2) != 0,
                          .max_message = kMaxMessage,
                          .history = (flags & 4) != 0 ? &marker : nullptr};
  const std::string_view input(reinterpret_cast<const char*>(data + 2), size - 2);
  const std::string whole = read_all(input, rules, SIZE_MAX);
  const std::string cut = read_all(input, rules, size_t{1} + data[1]);
  check(whole == cut);
  return 0;
}
