// UTF-8 validity (RFC 3629) of text that arrives in pieces, so that a message can be refused at its first bad byte
// (RFC 6455 section 8.1) and not only at its end.
#pragma once

#include <cstdint>
#include <string_view>

namespace matchbus::ws {

class Utf8Validator {
 public:
  // Takes the next bytes. False as soon as a byte cannot continue any valid text; `reset` before the next use then.
  [[nodiscard]] bool feed(std::string_view bytes);
  // True between characters: the text may end here.
  bool complete() const { return needed_ == 0; }
  void reset() { *this = Utf8Validator(); }

 private:
  bool start_character(uint8_t lead);

  uint8_t needed_ = 0;  // continuation bytes still to come
  // Range of the next continuation byte: narrower behind leads that begin overlong forms, surrogates, or values above
  // U+10FFFF (RFC 3629 section 4).
  uint8_t lowest_ = 0x80;
  uint8_t highest_ = 0xBF;
};

// True if `text` is whole, valid UTF-8.
bool is_utf8(std::string_view text);

}  // namespace matchbus::ws
