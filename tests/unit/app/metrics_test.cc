#include "app/metrics.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "net/descriptor.h"

namespace matchbus::app {
namespace {

long value_of(const std::string& text, const std::string& name) {
  const size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::atol(text.c_str() + at + name.size() + 2);
}

std::string process_metrics() {
  MetricsText out;
  add_process_metrics(out);
  return out.text();
}

TEST(ProcessMetrics, CountsOpenDescriptors) {
  const long before = value_of(process_metrics(), "process_open_fds");
  ASSERT_GT(before, 0);
  std::vector<net::Descriptor> files;
  for (int i = 0; i < 10; ++i) files.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(value_of(process_metrics(), "process_open_fds"), before + 10);
}

TEST(ProcessMetrics, TellMemoryAndTime) {
  const std::string text = process_metrics();
  EXPECT_GT(value_of(text, "process_resident_memory_bytes"), 100'000);
  EXPECT_GE(value_of(text, "process_cpu_seconds_total"), 0);
}

}  // namespace
}  // namespace matchbus::app
