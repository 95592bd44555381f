// Shared bytes and their writer. Written against cmocka's interface (support/cmocka.h).
#include "base/bytes.h"

#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/cmocka.h"

namespace {

using matchbus::Bytes;
using matchbus::BytesWriter;

void assert_bytes(const Bytes& bytes, std::string_view expected) {
  assert_int_equal(bytes.size(), expected.size());
  if (!expected.empty()) assert_memory_equal(bytes.data(), expected.data(), expected.size());
}

void empty_bytes_hold_nothing(void**) {
  const Bytes bytes;
  assert_true(bytes.empty());
  assert_null(bytes.data());
  assert_false(bytes.unique());
  assert_bytes(Bytes::copy(""), "");
  assert_bytes(bytes.slice(0), "");
}

void copies_share_one_block(void**) {
  const Bytes first = Bytes::copy("hello");
  assert_true(first.unique());
  {
    const Bytes second = first;
    assert_ptr_equal(first.data(), second.data());
    assert_false(first.unique());
    assert_bytes(second, "hello");
  }
  assert_true(first.unique());
}

void moving_leaves_nothing_behind(void**) {
  Bytes first = Bytes::copy("hello");
  const Bytes second = std::move(first);
  assert_true(first.empty());
  assert_true(second.unique());
  assert_bytes(second, "hello");
}

void assignment_lets_the_old_block_go(void**) {
  Bytes first = Bytes::copy("old");
  const Bytes witness = first;
  first = Bytes::copy("new");
  assert_true(witness.unique());
  assert_bytes(first, "new");
  Bytes& alias = first;
  first = alias;
  assert_true(first.unique());
  assert_bytes(first, "new");
}

void slices_keep_the_block_alive(void**) {
  Bytes part;
  {
    const Bytes whole = Bytes::copy("0123456789");
    part = whole.slice(2, 6);
    assert_ptr_equal(part.data(), whole.data() + 2);
    assert_false(whole.unique());
  }
  assert_true(part.unique());
  assert_bytes(part, "234567");
  assert_bytes(part.slice(4), "67");
  assert_bytes(part.slice(1, 2), "34");
  assert_bytes(part.slice(6), "");
}

void writer_appends(void**) {
  BytesWriter writer;
  assert_int_equal(writer.size(), 0);
  assert_true(writer.view().empty());
  writer.append("ab");
  writer.append('c');
  writer.append("");
  const std::string long_text(1000, 'x');
  writer.append(long_text);
  assert_true(writer.view() == "abc" + long_text);
  const Bytes bytes = writer.take();
  assert_bytes(bytes, "abc" + long_text);
  assert_int_equal(writer.size(), 0);
  writer.append("next");
  assert_bytes(writer.take(), "next");
  assert_bytes(bytes, "abc" + long_text);
}

void writer_reserves_and_commits(void**) {
  BytesWriter writer;
  const std::span<char> room = writer.reserve(100);
  assert_true(room.size() >= 100);
  std::memcpy(room.data(), "hello", 5);
  writer.commit(5);
  assert_true(writer.view() == "hello");
  writer.mutable_view()[0] = 'j';
  assert_true(writer.view() == "jello");
  writer.truncate(2);
  writer.append('!');
  assert_true(writer.view() == "je!");
}

void taking_nothing_gives_nothing(void**) {
  BytesWriter writer;
  assert_bytes(writer.take(), "");
  writer.append("x");
  writer.truncate(0);
  assert_bytes(writer.take(), "");
}

void recycled_block_is_written_again(void**) {
  Bytes bytes = Bytes::copy("0123456789");
  const char* const block = bytes.data();
  BytesWriter writer(std::move(bytes));
  writer.append("abc");
  const Bytes again = writer.take();
  assert_ptr_equal(again.data(), block);
  assert_bytes(again, "abc");
}

void block_of_others_is_left_alone(void**) {
  const Bytes held = Bytes::copy("0123456789");
  BytesWriter writer(held);
  writer.append("abc");
  const Bytes fresh = writer.take();
  assert_ptr_not_equal(fresh.data(), held.data());
  assert_bytes(held, "0123456789");
}

void recycled_slice_uses_its_whole_block(void**) {
  BytesWriter writer(Bytes::copy("0123456789").slice(4, 2));
  writer.append("abcdefghij");
  assert_bytes(writer.take(), "abcdefghij");
}

// A model of strings beside it: any sequence of writes, slices and drops leaves every live Bytes as it was.
void contents_never_change_under_a_holder(void**) {
  std::mt19937 random(7);
  const auto below = [&random](size_t n) { return static_cast<size_t>(random()) % n; };
  std::vector<std::pair<Bytes, std::string>> held;
  Bytes spare;
  for (int round = 0; round < 5000; ++round) {
    const size_t choice = below(4);
    if (choice == 0 || held.empty()) {
      BytesWriter writer(std::move(spare), below(64));
      std::string model;
      for (size_t pieces = below(8); pieces > 0; --pieces) {
        const std::string piece(below(50), static_cast<char>('a' + below(26)));
        writer.append(piece);
        model += piece;
      }
      held.emplace_back(writer.take(), model);
    } else {
      const size_t at = below(held.size());
      const auto [bytes, model] = held[at];
      const size_t offset = below(model.size() + 1);
      const size_t size = below(model.size() - offset + 1);
      if (choice == 1) held.emplace_back(bytes.slice(offset, size), model.substr(offset, size));
      if (choice == 2) held.emplace_back(bytes, model);
      if (choice == 3) {
        spare = held[at].first;
        held.erase(held.begin() + static_cast<ptrdiff_t>(at));
      }
    }
    for (const auto& [bytes, model] : held) assert_bytes(bytes, model);
    if (held.size() > 30) held.erase(held.begin(), held.begin() + 15);
  }
}

CMOCKA_GROUP(Bytes) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(empty_bytes_hold_nothing),
      cmocka_unit_test(copies_share_one_block),
      cmocka_unit_test(moving_leaves_nothing_behind),
      cmocka_unit_test(assignment_lets_the_old_block_go),
      cmocka_unit_test(slices_keep_the_block_alive),
      cmocka_unit_test(writer_appends),
      cmocka_unit_test(writer_reserves_and_commits),
      cmocka_unit_test(taking_nothing_gives_nothing),
      cmocka_unit_test(recycled_block_is_written_again),
      cmocka_unit_test(block_of_others_is_left_alone),
      cmocka_unit_test(recycled_slice_uses_its_whole_block),
      cmocka_unit_test(contents_never_change_under_a_holder),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

}  // namespace
