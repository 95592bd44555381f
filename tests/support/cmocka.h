// cmocka's interface on GoogleTest, so that tests written for cmocka compile here and report as GoogleTest cases.
//
// In a file of a unit_<folder> program, beside ordinary GoogleTest files, the `main` of a cmocka program becomes
//
//     static void test_empty(void** state) { assert_int_equal(0, ...); }
//
//     CMOCKA_GROUP(bytes) {
//       const struct CMUnitTest tests[] = {
//           cmocka_unit_test(test_empty),
//           cmocka_unit_test_setup_teardown(test_filled, setup, teardown),
//       };
//       return cmocka_run_group_tests(tests, group_setup, group_teardown);
//     }
//
// which registers the cases bytes.test_empty and bytes.test_filled (a group given to cmocka_run_group_tests_name has
// that name); filters, sharding and reports then work as for any other case. A program that keeps its own `main` calls
// cmocka_run_group_tests there as ever, which runs the group and returns how many of its tests failed.
//
// As in cmocka a failed assertion ends its test; here by an exception, so destructors run. A teardown runs whenever its
// setup succeeded. Not here: expect_*/check_expected, test_malloc (AddressSanitizer finds leaks), C sources.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

using CMUnitTestFunction = void (*)(void** state);
using CMFixtureFunction = int (*)(void** state);  // 0: success

struct CMUnitTest {
  const char* name;
  CMUnitTestFunction test_func;
  CMFixtureFunction setup_func;
  CMFixtureFunction teardown_func;
  void* initial_state;  // null: the group's state
};

namespace cmocka_shim {

// Thrown by a failed assertion, fail() and skip() after they have reported.
struct EndOfTest {};

struct Group {
  CMFixtureFunction setup = nullptr;
  CMFixtureFunction teardown = nullptr;
  std::vector<CMUnitTest> tests;
  void* state = nullptr;
  bool is_set_up = false;
};

struct Return {
  uintmax_t value;
  int count;  // how often; below 0: always
};

struct Registry {
  std::map<std::string, std::unique_ptr<Group>, std::less<>> groups;
  std::string registering;  // the CMOCKA_GROUP whose body runs
  std::map<std::string, std::deque<Return>> returns;
};

inline Registry& registry() {
  static Registry instance;
  return instance;
}

// Calls `body` and reports whether it reached its end.
template <typename Body>
bool run_to_end(Body body) {
  try {
    body();
    return true;
  } catch (const EndOfTest&) {
    return false;
  }
}

[[noreturn]] inline void end_with_failure(const char* file, int line, const std::string& text) {
  ADD_FAILURE_AT(file, line) << text;
  throw EndOfTest{};
}

inline void require(bool ok, const char* file, int line, const std::string& text) {
  if (!ok) end_with_failure(file, line, text);
}

// One test of a group as GoogleTest sees it.
class Case : public testing::Test {
 public:
  Case(Group& group, const CMUnitTest& test) : group_(group), test_(test) {}

  static void SetUpTestSuite() {
    Group& group = current_group();
    group.state = nullptr;
    group.is_set_up = fixture_succeeds(group.setup, &group.state);
    if (!group.is_set_up) ADD_FAILURE() << "group setup failed";
  }
  static void TearDownTestSuite() {
    Group& group = current_group();
    if (group.is_set_up && !fixture_succeeds(group.teardown, &group.state)) ADD_FAILURE() << "group teardown failed";
    group.is_set_up = false;
  }

 protected:
  void SetUp() override {
    if (!group_.is_set_up) FAIL() << "group setup failed";
    state_ = test_.initial_state != nullptr ? test_.initial_state : group_.state;
    is_set_up_ = fixture_succeeds(test_.setup_func, &state_);
    if (!is_set_up_ && !IsSkipped()) FAIL() << "test setup failed";
  }
  void TestBody() override {
    run_to_end([this] { test_.test_func(&state_); });
    for (const auto& [function, values] : registry().returns) {
      if (!values.empty() && values.front().count >= 0) ADD_FAILURE() << function << "() has values left to return";
    }
  }
  void TearDown() override {
    registry().returns.clear();
    if (is_set_up_ && !fixture_succeeds(test_.teardown_func, &state_)) ADD_FAILURE() << "test teardown failed";
  }

 private:
  static Group& current_group() {
    return *registry().groups.at(testing::UnitTest::GetInstance()->current_test_suite()->name());
  }
  static bool fixture_succeeds(CMFixtureFunction fixture, void** state) {
    if (fixture == nullptr) return true;
    int result = 0;
    return run_to_end([&] { result = fixture(state); }) && result == 0;
  }

  Group& group_;
  const CMUnitTest& test_;
  void* state_ = nullptr;
  bool is_set_up_ = false;
};

inline std::string register_group(const std::string& wanted, Group group) {
  std::string name = wanted;
  for (int i = 2; registry().groups.count(name) != 0; ++i) name = wanted + "_" + std::to_string(i);
  Group& kept = *(registry().groups[name] = std::make_unique<Group>(std::move(group)));
  for (const CMUnitTest& test : kept.tests) {
    testing::RegisterTest(name.c_str(), test.name, nullptr, nullptr, __FILE__, __LINE__,
                          [&kept, &test]() -> Case* { return new Case(kept, test); });  // GoogleTest owns it
  }
  return name;
}

// For programs with a `main` of their own.
inline int run_registered(const std::string& name) {
  static bool initialised = false;
  if (!initialised) testing::InitGoogleTest();
  initialised = true;
  GTEST_FLAG_SET(filter, name + ".*");
  const int result = RUN_ALL_TESTS();
  const int failed = testing::UnitTest::GetInstance()->failed_test_count();
  return failed == 0 && result != 0 ? 1 : failed;
}

template <size_t kCount>
int run_group(const char* name, bool named, const CMUnitTest (&tests)[kCount], CMFixtureFunction setup,
              CMFixtureFunction teardown) {
  const std::string& registering = registry().registering;
  const std::string wanted = named || registering.empty() ? name : registering;
  const std::string given =
      register_group(wanted, Group{setup, teardown, std::vector<CMUnitTest>(tests, tests + kCount)});
  return registering.empty() ? run_registered(given) : 0;
}

// Runs the body of a CMOCKA_GROUP while the program's statics are made.
inline bool register_body(const char* name, int (*body)()) {
  registry().registering = name;
  body();
  registry().registering.clear();
  return true;
}

template <typename T>
constexpr uintmax_t to_integral(T value) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<uintptr_t>(value);
  } else if constexpr (std::is_null_pointer_v<T>) {
    return 0;
  } else {
    return static_cast<uintmax_t>(value);
  }
}

inline std::string show(uintmax_t value) {
  char hex[32];
  std::snprintf(hex, sizeof hex, " (0x%jx)", value);
  return std::to_string(static_cast<intmax_t>(value)) + hex;
}

inline void compare(bool want_equal, uintmax_t left, uintmax_t right, const char* texts, const char* file, int line) {
  if ((left == right) == want_equal) return;
  end_with_failure(file, line, std::string(texts) + ": " + show(left) + (want_equal ? " != " : " == ") + show(right));
}

inline void compare_strings(bool want_equal, const char* left, const char* right, const char* texts, const char* file,
                            int line) {
  if ((std::strcmp(left, right) == 0) == want_equal) return;
  end_with_failure(file, line,
                   std::string(texts) + ": \"" + left + (want_equal ? "\" != \"" : "\" == \"") + right + "\"");
}

inline void compare_memory(bool want_equal, const void* left, const void* right, size_t size, const char* texts,
                           const char* file, int line) {
  const auto* const a = static_cast<const unsigned char*>(left);
  const auto* const b = static_cast<const unsigned char*>(right);
  size_t at = 0;
  while (at < size && a[at] == b[at]) ++at;
  if ((at == size) == want_equal) return;
  end_with_failure(file, line,
                   std::string(texts) + (want_equal ? ": differ at byte " + std::to_string(at) : ": are the same"));
}

inline void compare_floats(bool want_equal, double left, double right, double epsilon, const char* texts,
                           const char* file, int line) {
  if ((std::fabs(left - right) <= epsilon) == want_equal) return;
  end_with_failure(file, line,
                   std::string(texts) + ": " + testing::PrintToString(left) + (want_equal ? " != " : " == ") +
                       testing::PrintToString(right));
}

inline void check_range(bool want_inside, uintmax_t value, uintmax_t low, uintmax_t high, const char* text,
                        const char* file, int line) {
  if ((value >= low && value <= high) == want_inside) return;
  end_with_failure(file, line,
                   std::string(text) + ": " + show(value) + (want_inside ? " is not" : " is") + " between " +
                       show(low) + " and " + show(high));
}

inline void check_set(bool want_inside, uintmax_t value, const uintmax_t* values, size_t count, const char* text,
                      const char* file, int line) {
  bool found = false;
  for (size_t i = 0; i < count; ++i) found = found || values[i] == value;
  if (found == want_inside) return;
  end_with_failure(file, line,
                   std::string(text) + ": " + show(value) + (want_inside ? " is not" : " is") + " in the set");
}

[[noreturn, gnu::format(printf, 3, 4)]] inline void fail_with(const char* file, int line, const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  end_with_failure(file, line, text);
}

inline void add_return(const char* function, uintmax_t value, int count) {
  registry().returns[function].push_back({value, count});
}

inline uintmax_t next_return(const char* function, const char* file, int line) {
  std::deque<Return>& values = registry().returns[function];
  require(!values.empty(), file, line, std::string(function) + "() has no value to return");
  Return& next = values.front();
  const uintmax_t value = next.value;
  if (next.count > 0 && --next.count == 0) values.pop_front();
  return value;
}

// The value as a mock's return type: number, enumeration or pointer.
template <typename T>
T from_integral(uintmax_t value) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<T>(static_cast<uintptr_t>(value));
  } else {
    return static_cast<T>(value);
  }
}

}  // namespace cmocka_shim

#define CMOCKA_GROUP(group)                                        \
  static int cmocka_group_##group();                               \
  [[maybe_unused]] static const bool cmocka_registered_##group =   \
      ::cmocka_shim::register_body(#group, &cmocka_group_##group); \
  static int cmocka_group_##group()

#define cmocka_unit_test(f) \
  { #f, f, nullptr, nullptr, nullptr }
#define cmocka_unit_test_setup(f, setup) \
  { #f, f, setup, nullptr, nullptr }
#define cmocka_unit_test_teardown(f, teardown) \
  { #f, f, nullptr, teardown, nullptr }
#define cmocka_unit_test_setup_teardown(f, setup, teardown) \
  { #f, f, setup, teardown, nullptr }
#define cmocka_unit_test_prestate(f, state) \
  { #f, f, nullptr, nullptr, state }
#define cmocka_unit_test_prestate_setup_teardown(f, setup, teardown, state) \
  { #f, f, setup, teardown, state }

#define cmocka_run_group_tests(tests, setup, teardown) ::cmocka_shim::run_group(#tests, false, tests, setup, teardown)
#define cmocka_run_group_tests_name(name, tests, setup, teardown) \
  ::cmocka_shim::run_group(name, true, tests, setup, teardown)

#define assert_true(c) ::cmocka_shim::require(static_cast<bool>(c), __FILE__, __LINE__, #c " is false")
#define assert_false(c) ::cmocka_shim::require(!static_cast<bool>(c), __FILE__, __LINE__, #c " is true")
#define assert_null(c) ::cmocka_shim::require((c) == nullptr, __FILE__, __LINE__, #c " is not null")
#define assert_non_null(c) ::cmocka_shim::require((c) != nullptr, __FILE__, __LINE__, #c " is null")
#define assert_return_code(rc, error)                   \
  ::cmocka_shim::require((rc) >= 0, __FILE__, __LINE__, \
                         std::string(#rc " is an error: ") + std::strerror(static_cast<int>(error)))

#define cmocka_shim_compare(want, a, b)                                                                            \
  ::cmocka_shim::compare(want, ::cmocka_shim::to_integral(a), ::cmocka_shim::to_integral(b), #a ", " #b, __FILE__, \
                         __LINE__)
#define assert_int_equal(a, b) cmocka_shim_compare(true, a, b)
#define assert_int_not_equal(a, b) cmocka_shim_compare(false, a, b)
#define assert_uint_equal(a, b) cmocka_shim_compare(true, a, b)
#define assert_uint_not_equal(a, b) cmocka_shim_compare(false, a, b)
#define assert_ptr_equal(a, b) cmocka_shim_compare(true, a, b)
#define assert_ptr_not_equal(a, b) cmocka_shim_compare(false, a, b)
#define assert_float_equal(a, b, epsilon) \
  ::cmocka_shim::compare_floats(true, a, b, epsilon, #a ", " #b, __FILE__, __LINE__)
#define assert_float_not_equal(a, b, epsilon) \
  ::cmocka_shim::compare_floats(false, a, b, epsilon, #a ", " #b, __FILE__, __LINE__)
#define assert_string_equal(a, b) ::cmocka_shim::compare_strings(true, a, b, #a ", " #b, __FILE__, __LINE__)
#define assert_string_not_equal(a, b) ::cmocka_shim::compare_strings(false, a, b, #a ", " #b, __FILE__, __LINE__)
#define assert_memory_equal(a, b, size) ::cmocka_shim::compare_memory(true, a, b, size, #a ", " #b, __FILE__, __LINE__)
#define assert_memory_not_equal(a, b, size) \
  ::cmocka_shim::compare_memory(false, a, b, size, #a ", " #b, __FILE__, __LINE__)

#define cmocka_shim_range(want, value, low, high)                                                      \
  ::cmocka_shim::check_range(want, ::cmocka_shim::to_integral(value), ::cmocka_shim::to_integral(low), \
                             ::cmocka_shim::to_integral(high), #value, __FILE__, __LINE__)
#define assert_in_range(value, low, high) cmocka_shim_range(true, value, low, high)
#define assert_not_in_range(value, low, high) cmocka_shim_range(false, value, low, high)
#define assert_in_set(value, values, count) \
  ::cmocka_shim::check_set(true, ::cmocka_shim::to_integral(value), values, count, #value, __FILE__, __LINE__)
#define assert_not_in_set(value, values, count) \
  ::cmocka_shim::check_set(false, ::cmocka_shim::to_integral(value), values, count, #value, __FILE__, __LINE__)

#define fail_msg(...) ::cmocka_shim::fail_with(__FILE__, __LINE__, __VA_ARGS__)
#define print_message(...) std::printf(__VA_ARGS__)
#define print_error(...) std::fprintf(stderr, __VA_ARGS__)

// Functions, where a macro of this name would catch members of other classes.
[[noreturn]] inline void fail(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  cmocka_shim::end_with_failure(file, line, "failed");
}
[[noreturn]] inline void skip() {
  [] { GTEST_SKIP(); }();
  throw cmocka_shim::EndOfTest{};
}

// A mocked function returns what the test has set with will_return, in order.
#define will_return(function, value) ::cmocka_shim::add_return(#function, ::cmocka_shim::to_integral(value), 1)
#define will_return_count(function, value, count) \
  ::cmocka_shim::add_return(#function, ::cmocka_shim::to_integral(value), count)
#define will_return_always(function, value) ::cmocka_shim::add_return(#function, ::cmocka_shim::to_integral(value), -1)
#define mock() ::cmocka_shim::next_return(__func__, __FILE__, __LINE__)
#define mock_type(type) ::cmocka_shim::from_integral<type>(mock())
#define mock_ptr_type(type) ::cmocka_shim::from_integral<type>(mock())
