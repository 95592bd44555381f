// What a run found, as a table for people and as JSON for scripts.
#include <array>
#include <cstdarg>
#include <cstdio>

#include "base/bytes.h"
#include "json/writer.h"
#include "load/run.h"

namespace matchbus::load {
namespace {

double per(double amount, double count) { return count > 0 ? amount / count : 0; }

// The figures that follow from a report.
struct Derived {
  double messages_per_s = 0;
  double bytes_per_message = 0;
  double cpu_s = 0;
  double cpu_us_per_message = 0;
  double cpu_share = 0;
  double bytes_per_viewer = 0;
  double cpu_us_per_join = 0;
  double switches_per_s = 0;
};

Derived derive(const RunReport& report) {
  Derived derived;
  const double messages = static_cast<double>(report.viewers.messages);
  derived.messages_per_s = per(messages, report.measure_s);
  derived.bytes_per_message = per(static_cast<double>(report.viewers.bytes), messages);
  if (report.start && report.end) {
    derived.cpu_s = report.end->cpu_seconds - report.start->cpu_seconds;
    derived.cpu_us_per_message = per(derived.cpu_s * 1e6, messages);
    derived.cpu_share = per(derived.cpu_s, report.measure_s);
    derived.switches_per_s = per(static_cast<double>(report.end->switches - report.start->switches), report.measure_s);
  }
  if (report.before && report.connected) {
    const double viewers = static_cast<double>(report.viewers.connected);
    const double grown =
        static_cast<double>(report.connected->rss_bytes) - static_cast<double>(report.before->rss_bytes);
    derived.bytes_per_viewer = per(grown, viewers);
    derived.cpu_us_per_join = per((report.connected->cpu_seconds - report.before->cpu_seconds) * 1e6, viewers);
  }
  return derived;
}

double ms(uint64_t us) { return static_cast<double>(us) / 1000; }

__attribute__((format(printf, 2, 3))) void line(std::string& out, const char* format, ...) {
  std::array<char, 256> text{};
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text.data(), text.size(), format, arguments);
  va_end(arguments);
  out.append(text.data()).append("\n");
}

}  // namespace

std::string report_table(const RunOptions& options, const RunReport& report) {
  const Derived derived = derive(report);
  const ViewerTotals& viewers = report.viewers;
  std::string out;
  line(out, "viewers            %zu of %zu connected in %.2f s, %lu failed, %lu lost, %zu stalled on purpose",
       viewers.connected, options.viewers, report.connect_s, viewers.failed, viewers.lost, options.stalled);
  line(out, "matches            %zu, %lu events sent", options.matches, report.observers.events);
  line(out, "delivered          %lu messages in %.2f s, %.0f/s, %.0f bytes each, %.0f%% compressed", viewers.messages,
       report.measure_s, derived.messages_per_s, derived.bytes_per_message,
       100 * per(static_cast<double>(viewers.compressed), static_cast<double>(viewers.messages)));
  line(out,
       "per viewer         %lu to %lu messages; %lu out of order, %lu unreadable, %lu without marker, %lu left behind",
       report.least_messages, report.most_messages, viewers.backwards, report.unreadable, viewers.unmarked,
       report.stale);
  line(out, "latency ms         p50 %.1f, p90 %.1f, p99 %.1f, p99.9 %.1f, max %.1f",
       ms(viewers.latency.percentile_us(0.5)), ms(viewers.latency.percentile_us(0.9)),
       ms(viewers.latency.percentile_us(0.99)), ms(viewers.latency.percentile_us(0.999)), ms(viewers.latency.max_us()));
  if (!report.end) return out;
  line(out, "server CPU         %.2f s (%.0f%% of a core), %.2f us per message, %.0f context switches/s", derived.cpu_s,
       100 * derived.cpu_share, derived.cpu_us_per_message, derived.switches_per_s);
  line(out, "joining            %.1f us of CPU per viewer (with what was broadcast meanwhile)",
       derived.cpu_us_per_join);
  line(out, "server memory      %.1f MB resident, %.0f bytes per viewer",
       static_cast<double>(report.end->rss_bytes) / 1e6, derived.bytes_per_viewer);
  return out;
}

std::string report_json(const RunOptions& options, const RunReport& report) {
  const Derived derived = derive(report);
  const ViewerTotals& viewers = report.viewers;
  BytesWriter out;
  json::Writer json(out);
  const auto whole = [&](std::string_view name, uint64_t value) {
    json.key(name).integer(static_cast<int64_t>(value));
  };
  const auto real = [&](std::string_view name, double value) { json.key(name).number(value); };
  json.begin_object();
  whole("viewers", options.viewers);
  whole("matches", options.matches);
  whole("stalled", options.stalled);
  whole("connected", viewers.connected);
  whole("failed", viewers.failed);
  whole("lost", viewers.lost);
  real("connectSeconds", report.connect_s);
  real("measureSeconds", report.measure_s);
  whole("events", report.observers.events);
  whole("messages", viewers.messages);
  whole("bytes", viewers.bytes);
  whole("compressed", viewers.compressed);
  whole("leastMessages", report.least_messages);
  whole("mostMessages", report.most_messages);
  whole("outOfOrder", viewers.backwards);
  whole("unreadable", report.unreadable);
  whole("leftBehind", report.stale);
  real("messagesPerSecond", derived.messages_per_s);
  real("bytesPerMessage", derived.bytes_per_message);
  json.key("latencyMs").begin_object();
  real("p50", ms(viewers.latency.percentile_us(0.5)));
  real("p90", ms(viewers.latency.percentile_us(0.9)));
  real("p99", ms(viewers.latency.percentile_us(0.99)));
  real("p999", ms(viewers.latency.percentile_us(0.999)));
  real("max", ms(viewers.latency.max_us()));
  json.end_object();
  if (report.end) {
    real("cpuSeconds", derived.cpu_s);
    real("cpuShare", derived.cpu_share);
    real("cpuMicrosecondsPerMessage", derived.cpu_us_per_message);
    real("cpuMicrosecondsPerJoin", derived.cpu_us_per_join);
    real("contextSwitchesPerSecond", derived.switches_per_s);
    whole("residentBytes", report.end->rss_bytes);
    real("bytesPerViewer", derived.bytes_per_viewer);
  }
  json.end_object();
  out.append('\n');
  return std::string(out.view());
}

}  // namespace matchbus::load
