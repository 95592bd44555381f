// Frames one by one, byte for byte, in cmocka's style.
#include "ws/frame_reader.h"

#include <string>
#include <vector>

#include "support/cmocka.h"
#include "unit/ws/wire.h"

namespace matchbus::ws {
namespace {

using test::masked;
using test::unmasked;
using Status = FrameReader::Status;

std::string bytes(const char* literal, size_t size) { return {literal, size}; }
#define BYTES(literal) bytes(literal, sizeof(literal) - 1)

// The next frame, joined from its pieces.
FramePiece whole_frame(FrameReader& reader, std::string& payload) {
  FramePiece piece;
  payload.clear();
  do {
    assert_int_equal(reader.next(piece), Status::kPiece);
    assert_int_equal(piece.begins, payload.empty());
    payload += piece.data;
  } while (!piece.ends);
  return piece;
}

Status first_status(const std::string& input) {
  FrameReader reader;
  reader.feed(input);
  FramePiece piece;
  return reader.next(piece);
}

// RFC 6455 section 5.7.
static void test_examples_of_the_standard(void**) {
  const std::string input = BYTES("\x81\x05\x48\x65\x6c\x6c\x6f") +
                            BYTES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") + BYTES("\x01\x03\x48\x65\x6c") +
                            BYTES("\x80\x02\x6c\x6f") + BYTES("\x89\x05\x48\x65\x6c\x6c\x6f");
  FrameReader reader;
  reader.feed(input);
  std::string payload;
  FramePiece frame = whole_frame(reader, payload);
  assert_string_equal(payload.c_str(), "Hello");
  assert_int_equal(frame.opcode, 1);
  assert_true(frame.fin);
  assert_false(frame.masked);
  frame = whole_frame(reader, payload);
  assert_string_equal(payload.c_str(), "Hello");
  assert_true(frame.masked);
  frame = whole_frame(reader, payload);
  assert_string_equal(payload.c_str(), "Hel");
  assert_false(frame.fin);
  frame = whole_frame(reader, payload);
  assert_string_equal(payload.c_str(), "lo");
  assert_int_equal(frame.opcode, 0);
  frame = whole_frame(reader, payload);
  assert_int_equal(frame.opcode, 9);
  FramePiece none;
  assert_int_equal(reader.next(none), Status::kNeedMore);
  assert_true(reader.at_boundary());
}

static void test_every_length_form(void**) {
  for (const size_t size : {0u, 1u, 125u, 126u, 127u, 4088u, 4096u, 65'535u, 65'536u, 200'000u}) {
    std::string text;
    for (size_t i = 0; i < size; ++i) text += static_cast<char>(i * 31);
    for (const bool mask : {false, true}) {
      const std::string input = mask ? masked(2, text) : unmasked(2, text);
      FrameReader reader;
      reader.feed(input);
      std::string payload;
      const FramePiece frame = whole_frame(reader, payload);
      assert_int_equal(frame.frame_length, size);
      assert_int_equal(payload.size(), size);
      assert_memory_equal(payload.data(), text.data(), size);
      assert_true(reader.at_boundary());
      assert_int_equal(reader.unread(), 0);
    }
  }
}

static void test_longer_length_forms_than_needed_are_refused(void**) {
  assert_int_equal(first_status(BYTES("\x82\x7e\x00\x7d") + std::string(125, 'a')), Status::kMalformed);
  assert_int_equal(first_status(BYTES("\x82\x7e\x00\x7e") + std::string(126, 'a')), Status::kPiece);
  assert_int_equal(first_status(BYTES("\x82\x7f\0\0\0\0\0\0\xff\xff") + std::string(65'535, 'a')), Status::kMalformed);
  assert_int_equal(first_status(BYTES("\x82\x7f\0\0\0\0\0\x01\x00\x00") + std::string(65'536, 'a')), Status::kPiece);
  // The most significant bit must be 0.
  assert_int_equal(first_status(BYTES("\x82\x7f\x80\0\0\0\0\x01\0\0") + std::string(10, 'a')), Status::kMalformed);
}

static void test_control_frames_are_short_and_whole(void**) {
  for (const char opcode : {'\x08', '\x09', '\x0a'}) {
    const std::string fin(1, static_cast<char>(0x80 | opcode));
    assert_int_equal(first_status(fin + "\x7d" + std::string(125, 'a')), Status::kPiece);
    assert_int_equal(first_status(fin + BYTES("\x7e\x00\x7e") + std::string(126, 'a')), Status::kMalformed);
    assert_int_equal(first_status(std::string(1, opcode) + BYTES("\x00")), Status::kMalformed);
  }
}

static void test_header_fields(void**) {
  FrameReader reader;
  const std::string input = masked(3, "x", false, 5);
  reader.feed(input);
  std::string payload;
  const FramePiece frame = whole_frame(reader, payload);
  assert_int_equal(frame.opcode, 3);
  assert_int_equal(frame.rsv, 5);
  assert_false(frame.fin);
}

static void test_boundary_is_known_at_every_byte(void**) {
  const std::string one = masked(1, "hello");
  const std::string two = masked(2, std::string(300, 'x'));
  const std::string input = one + two;
  FrameReader reader;
  for (size_t i = 0; i < input.size(); ++i) {
    assert_int_equal(reader.at_boundary(), i == 0 || i == one.size());
    const std::string byte = input.substr(i, 1);
    reader.feed(byte);
    FramePiece piece;
    while (reader.next(piece) == Status::kPiece) assert_in_range(piece.data.size(), 0, 1);
    assert_int_equal(reader.unread(), 0);
  }
  assert_true(reader.at_boundary());
}

static void test_payload_is_handed_on_as_it_comes(void**) {
  const std::string input = unmasked(1, "abcdef");
  const std::string head = input.substr(0, 4);
  const std::string tail = input.substr(4);
  FrameReader reader;
  FramePiece piece;
  reader.feed(head);
  assert_int_equal(reader.next(piece), Status::kPiece);
  assert_true(piece.begins);
  assert_false(piece.ends);
  assert_int_equal(piece.frame_length, 6);
  assert_true(piece.data == "ab");
  assert_int_equal(reader.next(piece), Status::kNeedMore);
  reader.feed(tail);
  assert_int_equal(reader.next(piece), Status::kPiece);
  assert_false(piece.begins);
  assert_true(piece.ends);
  assert_true(piece.data == "cdef");
}

static void test_frames_read_ahead_are_no_boundary(void**) {
  const std::string input = unmasked(1, "a") + unmasked(1, "b") + BYTES("\x81");
  FrameReader reader;
  FramePiece piece;
  reader.feed(input);
  assert_int_equal(reader.next(piece), Status::kPiece);
  assert_int_equal(reader.unread(), 0);
  assert_false(reader.at_boundary());
  assert_int_equal(reader.next(piece), Status::kPiece);
  assert_true(piece.data == "b");
  assert_int_equal(reader.next(piece), Status::kNeedMore);
  assert_false(reader.at_boundary());  // half a header
}

}  // namespace

CMOCKA_GROUP(FrameReader) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_examples_of_the_standard),
      cmocka_unit_test(test_every_length_form),
      cmocka_unit_test(test_longer_length_forms_than_needed_are_refused),
      cmocka_unit_test(test_control_frames_are_short_and_whole),
      cmocka_unit_test(test_header_fields),
      cmocka_unit_test(test_boundary_is_known_at_every_byte),
      cmocka_unit_test(test_payload_is_handed_on_as_it_comes),
      cmocka_unit_test(test_frames_read_ahead_are_no_boundary),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

}  // namespace matchbus::ws
