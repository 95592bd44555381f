// The shim of cmocka's interface: registration, fixtures, and that every assertion can fail.
#include "support/cmocka.h"

#include <gtest/gtest-spi.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

// How often each kind of fixture ran.
struct Counts {
  int group_setup = 0;
  int group_teardown = 0;
  int setup = 0;
  int teardown = 0;
};
Counts counts;

int group_state = 5;

int group_setup(void** state) {
  *state = &group_state;
  ++counts.group_setup;
  return 0;
}
int group_teardown(void** state) {
  assert_ptr_equal(*state, &group_state);
  ++counts.group_teardown;
  return 0;
}
int test_setup(void** state) {
  assert_ptr_equal(*state, &group_state);
  *state = new std::string("made by setup");
  ++counts.setup;
  return 0;
}
int test_teardown(void** state) {
  delete static_cast<std::string*>(*state);
  ++counts.teardown;
  return 0;
}

void sees_group_state(void** state) {
  assert_int_equal(*static_cast<int*>(*state), 5);
  assert_int_equal(counts.group_setup, counts.group_teardown + 1);
  assert_int_equal(counts.setup, counts.teardown);
}
void sees_own_state(void** state) {
  assert_string_equal(static_cast<std::string*>(*state)->c_str(), "made by setup");
  assert_int_equal(counts.group_setup, counts.group_teardown + 1);
  assert_int_equal(counts.setup, counts.teardown + 1);
}
void sees_group_state_again(void** state) { assert_ptr_equal(*state, &group_state); }
void sees_prestate(void** state) { assert_string_equal(static_cast<const char*>(*state), "given"); }
void is_skipped(void**) {
  skip();
  fail();
}

char given[] = "given";

CMOCKA_GROUP(cmocka_fixtures) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sees_group_state),
      cmocka_unit_test_setup_teardown(sees_own_state, test_setup, test_teardown),
      cmocka_unit_test(sees_group_state_again),
      cmocka_unit_test_prestate(sees_prestate, given),
      cmocka_unit_test(is_skipped),
  };
  return cmocka_run_group_tests(tests, group_setup, group_teardown);
}

void every_setup_was_undone(void**) {
  assert_int_equal(counts.group_setup, counts.group_teardown);
  assert_int_equal(counts.setup, counts.teardown);
}

CMOCKA_GROUP(cmocka_second) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_setup_was_undone)};
  return cmocka_run_group_tests_name("cmocka_named", tests, nullptr, nullptr);
}

// Runs `body` and returns what it reported, without failing the test that asks.
template <typename Body>
std::string failure_of(Body body) {
  testing::TestPartResultArray results;
  bool ended = false;
  {
    testing::ScopedFakeTestPartResultReporter reporter(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    ended = !cmocka_shim::run_to_end(body);
  }
  EXPECT_EQ(ended, results.size() == 1);
  std::string said = results.size() == 0 ? "" : results.GetTestPartResult(0).message();
  // From 1.16 on GoogleTest ends it with a newline.
  if (said.ends_with('\n')) said.pop_back();
  return said;
}

TEST(Cmocka, RegistersGroupsUnderTheirNames) {
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  std::vector<std::string> suites;
  for (int i = 0; i < all.total_test_suite_count(); ++i) suites.emplace_back(all.GetTestSuite(i)->name());
  EXPECT_NE(std::find(suites.begin(), suites.end(), "cmocka_fixtures"), suites.end());
  EXPECT_NE(std::find(suites.begin(), suites.end(), "cmocka_named"), suites.end());
}

TEST(Cmocka, TruthAndPointerAssertionsFail) {
  const int value = 0;
  const int* const null = nullptr;
  EXPECT_EQ(failure_of([&] { assert_true(value == 1); }), "Failed\nvalue == 1 is false");
  EXPECT_EQ(failure_of([&] { assert_false(value == 0); }), "Failed\nvalue == 0 is true");
  EXPECT_EQ(failure_of([&] { assert_null(&value); }), "Failed\n&value is not null");
  EXPECT_EQ(failure_of([&] { assert_non_null(null); }), "Failed\nnull is null");
  EXPECT_NE(failure_of([&] { assert_ptr_equal(&value, null); }), "");
  EXPECT_NE(failure_of([&] { assert_ptr_not_equal(null, nullptr); }), "");
  EXPECT_NE(failure_of([&] { assert_return_code(-1, 2); }), "");
  EXPECT_EQ(failure_of([&] {
              assert_true(&value);
              assert_false(null);
              assert_null(null);
              assert_non_null(&value);
              assert_return_code(0, 0);
            }),
            "");
}

TEST(Cmocka, NumberAssertionsFail) {
  EXPECT_EQ(failure_of([] { assert_int_equal(1 + 1, 3); }), "Failed\n1 + 1, 3: 2 (0x2) != 3 (0x3)");
  EXPECT_EQ(failure_of([] { assert_int_not_equal(-1, -1); }),
            "Failed\n-1, -1: -1 (0xffffffffffffffff) == -1 (0xffffffffffffffff)");
  EXPECT_NE(failure_of([] { assert_int_equal(-1, 0xffffffffU); }), "");
  EXPECT_NE(failure_of([] { assert_in_range(4, 5, 6); }), "");
  EXPECT_NE(failure_of([] { assert_in_range(7, 5, 6); }), "");
  EXPECT_NE(failure_of([] { assert_not_in_range(5, 5, 6); }), "");
  EXPECT_NE(failure_of([] { assert_float_equal(1.0, 1.2, 0.1); }), "");
  EXPECT_NE(failure_of([] { assert_float_not_equal(1.0, 1.05, 0.1); }), "");
  const uintmax_t set[] = {1, 3};
  EXPECT_NE(failure_of([&] { assert_in_set(2, set, 2); }), "");
  EXPECT_NE(failure_of([&] { assert_not_in_set(3, set, 2); }), "");
  EXPECT_EQ(failure_of([&] {
              assert_int_equal('a', 97U);
              assert_int_not_equal(1, 2);
              assert_in_range(5, 5, 5);
              assert_not_in_range(7, 5, 6);
              assert_float_equal(1.0, 1.05, 0.1);
              assert_in_set(3, set, 2);
            }),
            "");
}

TEST(Cmocka, TextAndMemoryAssertionsFail) {
  EXPECT_EQ(failure_of([] { assert_string_equal("a", "b"); }), "Failed\n\"a\", \"b\": \"a\" != \"b\"");
  EXPECT_NE(failure_of([] { assert_string_not_equal("a", "a"); }), "");
  EXPECT_EQ(failure_of([] { assert_memory_equal("abc", "abd", 3); }), "Failed\n\"abc\", \"abd\": differ at byte 2");
  EXPECT_EQ(failure_of([] { assert_memory_equal("abc", "abd", 2); }), "");
  EXPECT_NE(failure_of([] { assert_memory_not_equal("abc", "abd", 2); }), "");
  EXPECT_EQ(failure_of([] { fail_msg("%d of %s", 3, "them"); }), "Failed\n3 of them");
  EXPECT_EQ(failure_of([] { fail(); }), "Failed\nfailed");
}

int dice() { return mock_type(int); }
const char* name_of_it() { return mock_ptr_type(const char*); }

TEST(Cmocka, MocksReturnWhatTheyWereTold) {
  will_return(dice, 3);
  will_return_count(dice, -4, 2);
  will_return_always(dice, 6);
  will_return(name_of_it, "it");
  EXPECT_EQ(dice(), 3);
  EXPECT_EQ(dice(), -4);
  EXPECT_EQ(dice(), -4);
  EXPECT_EQ(dice(), 6);
  EXPECT_EQ(dice(), 6);
  EXPECT_STREQ(name_of_it(), "it");
  EXPECT_EQ(failure_of([] { name_of_it(); }), "Failed\nname_of_it() has no value to return");
  cmocka_shim::registry().returns.clear();
}

}  // namespace
