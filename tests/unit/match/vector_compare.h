// Comparing what arrived with what a vector expects, with the placeholders of tests/vectors/README.md.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "json/document.h"
#include "json/writer.h"

namespace matchbus::test {

class VectorCompare {
 public:
  // Turns a point in time, less `offset_ms` the moment of its cause, into the text that stands for it.
  using TimeText = std::function<std::string(int64_t time, int64_t offset_ms)>;

  explicit VectorCompare(TimeText time_text) : time_text_(std::move(time_text)) {}

  // "" if equal, else the path of the first difference and both values.
  std::string compare(json::Value expected, json::Value actual, const std::string& path = {}) const {
    if (const auto text = expected.string()) return compare_text(*text, actual, path);
    if (expected.type() != actual.type()) return differ(expected, actual, path);
    if (expected.is_array()) return compare_array(expected, actual, path);
    if (expected.is_object()) return compare_object(expected, actual, path);
    if (const auto number = expected.number()) {
      const double difference = std::fabs(*number - *actual.number());
      return difference <= 1e-12 * std::fabs(*number) ? "" : differ(expected, actual, path);
    }
    return expected.boolean() == actual.boolean() ? "" : differ(expected, actual, path);
  }

 private:
  static std::string show(json::Value value) {
    if (!value.exists()) return "(absent)";
    BytesWriter out;
    json::write_value(out, value);
    return std::string(out.view().substr(0, 200));
  }
  static std::string differ(json::Value expected, json::Value actual, const std::string& path) {
    return path + ": expected " + show(expected) + ", got " + show(actual);
  }

  std::string compare_array(json::Value expected, json::Value actual, const std::string& path) const {
    if (expected.size() != actual.size()) return differ(expected, actual, path);
    json::Value other = actual.first();
    size_t index = 0;
    for (json::Value item = expected.first(); item.exists(); item = expected.after(item), other = actual.after(other)) {
      const std::string result = compare(item, other, path + "/" + std::to_string(index++));
      if (!result.empty()) return result;
    }
    return {};
  }
  std::string compare_object(json::Value expected, json::Value actual, const std::string& path) const {
    for (json::Value key = expected.first(); key.exists();) {
      const json::Value value = expected.after(key);
      const std::string_view name = *key.string();
      const std::string below = path + "/" + std::string(name);
      const std::string result = value.string() == "<currUltPoints >= maxUltPoints>"
                                     ? compare_ult(actual, below)
                                     : compare(value, actual[name], below);
      if (!result.empty()) return result;
      key = expected.after(value);
    }
    for (json::Value key = actual.first(); key.exists(); key = actual.after(actual.after(key))) {
      if (!expected[*key.string()].exists()) return path + "/" + std::string(*key.string()) + ": not expected";
    }
    return {};
  }
  static std::string compare_ult(json::Value actual, const std::string& path) {
    const bool ready = *actual["currUltPoints"].number() >= *actual["maxUltPoints"].number();
    return actual["ultReady"].boolean() == ready ? "" : path + ": wrong";
  }

  std::string compare_text(std::string_view text, json::Value actual, const std::string& path) const {
    const auto verdict = [&](bool equal) {
      return equal ? "" : path + ": expected " + std::string(text) + ", got " + show(actual);
    };
    if (text.starts_with("epoch ")) {
      const auto time = actual.integer(0, INT64_MAX);
      const int64_t offset = path.ends_with("/roundTimeoutTime")      ? 99'000
                             : path.ends_with("/spikeDetonationTime") ? 45'000
                                                                      : 0;
      return verdict(time && time_text_(*time, offset) == text);
    }
    if (text == "<0 or 1>") return verdict(actual.integer(0, 1).has_value());
    if (text.starts_with("<multiple of ")) {
      int of = 1;
      int low = 0;
      int high = 0;
      if (std::sscanf(std::string(text).c_str(), "<multiple of %d in %d..%d>", &of, &low, &high) != 3) return path;
      const auto number = actual.integer(low, high);
      return verdict(number && *number % of == 0);
    }
    const auto got = actual.string();
    if (!got) return verdict(false);
    if (text == "<secret: 12 of A-Z0-9>") {
      return verdict(got->size() == 12 &&
                     got->find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == std::string_view::npos);
    }
    if (const size_t any = text.find("<any>"); any != std::string_view::npos)
      return verdict(got->starts_with(text.substr(0, any)) && got->ends_with(text.substr(any + 5)));
    return verdict(*got == text);
  }

  TimeText time_text_;
};

}  // namespace matchbus::test
