// Figures for operators in the Prometheus text format (version 0.0.4).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace matchbus::app {

// Builds the text: one HELP and TYPE per name, samples in the order given. Names follow the Prometheus naming rules:
// `_total` for counters, base units (seconds, bytes).
class MetricsText {
 public:
  void counter(std::string_view name, std::string_view help, uint64_t value) {
    family(name, help, "counter", static_cast<double>(value));
  }
  void gauge(std::string_view name, std::string_view help, double value) { family(name, help, "gauge", value); }
  void counter_seconds(std::string_view name, std::string_view help, double value) {
    family(name, help, "counter", value);
  }
  // A further sample of the family begun last, with its labels. The first sample of a labelled family is begun with
  // `labelled`.
  void labelled(std::string_view name, std::string_view help, std::string_view type);
  void sample(std::string_view label, std::string_view label_value, uint64_t value) {
    sample({{label, label_value}}, value);
  }
  struct Label {
    std::string_view name;
    std::string_view value;  // without quotes, backslashes and line breaks
  };
  void sample(std::initializer_list<Label> labels, uint64_t value);

  const std::string& text() const { return text_; }

 private:
  void family(std::string_view name, std::string_view help, std::string_view type, double value);
  std::string text_;
  std::string name_;
};

// Memory, descriptors and CPU time of this process, from /proc/self.
void add_process_metrics(MetricsText& out);

}  // namespace matchbus::app
