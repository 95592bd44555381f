// Frames as they are sent, byte for byte, in cmocka's style.
#include "ws/frame_writer.h"

#include <set>
#include <string>

#include "support/cmocka.h"
#include "unit/ws/wire.h"

namespace matchbus::ws {
namespace {

using test::decode_frames;
using test::unmasked;
using test::WireFrame;

int make_writer(void** state) {
  static FrameWriter writer;  // cases share it, as connections do
  *state = &writer;
  return 0;
}

FrameWriter& writer_of(void** state) { return *static_cast<FrameWriter*>(*state); }

static void test_plain_frames(void** state) {
  FrameWriter& writer = writer_of(state);
  const Bytes hello = writer.frame(Opcode::kText, "Hello", {});
  assert_int_equal(hello.size(), 7);
  assert_memory_equal(hello.data(), "\x81\x05Hello", 7);
  const Bytes ping = writer.frame(Opcode::kPing, "", {});
  assert_int_equal(ping.size(), 2);
  assert_memory_equal(ping.data(), "\x89\x00", 2);
  const Bytes compressed = writer.frame(Opcode::kBinary, "x", {.compressed = true, .masked = false});
  assert_memory_equal(compressed.data(), "\xc2\x01x", 3);
}

static void test_every_length_form(void** state) {
  for (const size_t size : {0u, 125u, 126u, 65'535u, 65'536u, 1'000'000u}) {
    const std::string text(size, 'y');
    assert_true(writer_of(state).frame(Opcode::kBinary, text, {}).view() == unmasked(2, text));
    const Bytes frame = writer_of(state).frame(Opcode::kBinary, text, {.compressed = false, .masked = true});
    const std::vector<WireFrame> frames = decode_frames(frame.view());
    assert_int_equal(frames.size(), 1);
    assert_true(frames[0].masked);
    assert_true(frames[0].payload == text);
  }
}

// wslay goes on masking once it has begun, if it is let.
static void test_masked_and_plain_frames_may_alternate(void** state) {
  for (const bool masked : {true, false, true, false, false, true}) {
    const Bytes frame = writer_of(state).frame(Opcode::kText, "Hello", {.compressed = false, .masked = masked});
    const std::vector<WireFrame> frames = decode_frames(frame.view());
    assert_int_equal(frames.at(0).masked, masked);
    assert_true(frames[0].payload == "Hello");
  }
}

static void test_every_frame_has_its_own_masking_key(void** state) {
  std::set<uint32_t> keys;
  for (int i = 0; i < 1000; ++i) {
    const Bytes frame = writer_of(state).frame(Opcode::kText, "a", {.compressed = false, .masked = true});
    keys.insert(decode_frames(frame.view()).at(0).key);
  }
  assert_in_range(keys.size(), 999, 1000);  // a collision is possible, if unlikely
}

static void test_memory_is_recycled(void** state) {
  Bytes first = writer_of(state).frame(Opcode::kText, std::string(500, 'a'), {});
  const char* const where = first.data();
  Bytes second = writer_of(state).frame(Opcode::kText, std::string(400, 'b'), {}, std::move(first));
  assert_ptr_equal(second.data(), where);
  const Bytes held = second;
  const Bytes third = writer_of(state).frame(Opcode::kText, "c", {}, std::move(second));
  assert_ptr_not_equal(third.data(), where);
  assert_true(held.view() == unmasked(1, std::string(400, 'b')));
}

}  // namespace

CMOCKA_GROUP(FrameWriter) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain_frames),
      cmocka_unit_test(test_every_length_form),
      cmocka_unit_test(test_masked_and_plain_frames_may_alternate),
      cmocka_unit_test(test_every_frame_has_its_own_masking_key),
      cmocka_unit_test(test_memory_is_recycled),
  };
  return cmocka_run_group_tests(tests, make_writer, nullptr);
}

}  // namespace matchbus::ws
