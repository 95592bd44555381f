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
double per(double amount, uint64_t count) { return per(amount, static_cast<double>(count)); }
double ms(uint64_t us) { return static_cast<double>(us) / 1000; }
double cpu_us(const Handshakes& handshakes) {
  return per(handshakes.cpu_seconds * 1e6, static_cast<double>(handshakes.count));
}

// The figures that follow from a report.
struct Derived {
  double messages_per_s = 0;
  double bytes_per_message = 0;
  double cpu_s = 0;
  double cpu_us_per_message = 0;
  double cpu_share = 0;
  double bytes_per_viewer = 0;
  double cpu_us_per_connect = 0;
  double switches_per_s = 0;
  double switches_per_message = 0;
  double join_us = 0;  // beyond the handshake
  double cpu_us_per_published = 0;
};

Derived derive(const RunReport& report) {
  Derived derived;
  const uint64_t messages = report.viewers.messages;
  derived.messages_per_s = per(static_cast<double>(messages), report.measure_s);
  derived.bytes_per_message = per(static_cast<double>(report.viewers.bytes), messages);
  derived.join_us = cpu_us(report.joins) - cpu_us(report.idle_joins);
  if (report.start && report.end) {
    derived.cpu_s = report.end->cpu_seconds - report.start->cpu_seconds;
    derived.cpu_us_per_message = per(derived.cpu_s * 1e6, messages);
    derived.cpu_us_per_published = per(derived.cpu_s * 1e6, report.bus.measured);
    derived.cpu_share = per(derived.cpu_s, report.measure_s);
    const auto switches = static_cast<double>(report.end->switches - report.start->switches);
    derived.switches_per_s = per(switches, report.measure_s);
    derived.switches_per_message = per(switches, messages);
  }
  if (report.before && report.connected) {
    const double viewers = static_cast<double>(report.viewers.connected);
    const double grown =
        static_cast<double>(report.connected->rss_bytes) - static_cast<double>(report.before->rss_bytes);
    derived.bytes_per_viewer = per(grown, viewers);
    derived.cpu_us_per_connect = per((report.connected->cpu_seconds - report.before->cpu_seconds) * 1e6, viewers);
  }
  return derived;
}

__attribute__((format(printf, 2, 3))) void line(std::string& out, const char* format, ...) {
  std::array<char, 256> text{};
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text.data(), text.size(), format, arguments);
  va_end(arguments);
  out.append(text.data()).append("\n");
}

void percentiles_line(std::string& out, const char* name, const Histogram& times) {
  line(out, "%-18s p50 %.1f, p90 %.1f, p99 %.1f, p99.9 %.1f, max %.1f", name, ms(times.percentile_us(0.5)),
       ms(times.percentile_us(0.9)), ms(times.percentile_us(0.99)), ms(times.percentile_us(0.999)), ms(times.max_us()));
}

void checks_line(std::string& out, const RunReport& report) {
  const ViewerTotals& viewers = report.viewers;
  line(out,
       "checked            %lu out of order, %lu unreadable, %lu patches that do not follow, %lu that lead astray,",
       viewers.backwards, report.unreadable, viewers.gaps, report.wrong_patches);
  line(out, "                   %lu without marker; final state %s", viewers.unmarked,
       !report.wrong_final        ? "not checked"
       : *report.wrong_final == 0 ? "right for all"
                                  : ("wrong for " + std::to_string(*report.wrong_final)).c_str());
}

void bus_lines(std::string& out, const RunReport& report, const Derived& derived) {
  const BusReport& bus = report.bus;
  line(out, "published          %lu, %.0f/s, %lu refused or failed; %.2f us of server CPU each", bus.published.messages,
       per(static_cast<double>(bus.measured), report.measure_s), bus.published.failed, derived.cpu_us_per_published);
  line(out, "players            %lu event ids out of order, %ld deliveries missing, %lu told to fetch the state",
       bus.players.disorder, bus.undelivered, bus.players.resyncs);
}

void handshakes_line(std::string& out, const char* name, const Handshakes& handshakes) {
  line(out, "%-18s %zu in %.2f s, %lu failed, %.1f us of server CPU each, %.0f per CPU second", name, handshakes.count,
       handshakes.seconds, handshakes.failed, cpu_us(handshakes),
       per(static_cast<double>(handshakes.count), handshakes.cpu_seconds));
}

class JsonReport {
 public:
  JsonReport() { json_.begin_object(); }
  void whole(std::string_view name, uint64_t value) { json_.key(name).integer(static_cast<int64_t>(value)); }
  void real(std::string_view name, double value) { json_.key(name).number(value); }
  void percentiles(std::string_view name, const Histogram& times) {
    json_.key(name).begin_object();
    real("p50", ms(times.percentile_us(0.5)));
    real("p90", ms(times.percentile_us(0.9)));
    real("p99", ms(times.percentile_us(0.99)));
    real("p999", ms(times.percentile_us(0.999)));
    real("max", ms(times.max_us()));
    json_.end_object();
  }
  void handshakes(const Handshakes& handshakes) {
    json_.begin_object();
    whole("count", handshakes.count);
    whole("failed", handshakes.failed);
    real("seconds", handshakes.seconds);
    real("cpuMicrosecondsEach", cpu_us(handshakes));
    real("perCpuSecond", per(static_cast<double>(handshakes.count), handshakes.cpu_seconds));
    json_.end_object();
  }
  json::Writer& writer() { return json_; }
  std::string end() {
    json_.end_object();
    out_.append('\n');
    return std::string(out_.view());
  }

 private:
  BytesWriter out_;
  json::Writer json_{out_};
};

void server_json(JsonReport& out, const RunReport& report, const Derived& derived) {
  if (!report.end) return;
  out.real("cpuSeconds", derived.cpu_s);
  out.real("cpuShare", derived.cpu_share);
  out.real("cpuMicrosecondsPerMessage", derived.cpu_us_per_message);
  out.real("cpuMicrosecondsPerConnect", derived.cpu_us_per_connect);
  out.real("contextSwitchesPerSecond", derived.switches_per_s);
  out.real("contextSwitchesPerMessage", derived.switches_per_message);
  out.whole("residentBytes", report.end->rss_bytes);
  out.real("bytesPerViewer", derived.bytes_per_viewer);
}

void bus_json(JsonReport& out, const RunOptions& options, const RunReport& report, const Derived& derived) {
  if (options.crowd.viewer.kind != ViewerKind::kBus) return;
  const BusReport& bus = report.bus;
  out.whole("published", bus.published.messages);
  out.real("publishedPerSecond", per(static_cast<double>(bus.measured), report.measure_s));
  out.real("cpuMicrosecondsPerPublished", derived.cpu_us_per_published);
  out.whole("publishingFailed", bus.published.failed);
  out.whole("eventIdsOutOfOrder", bus.players.disorder);
  out.writer().key("undelivered").integer(bus.undelivered);
  out.whole("resyncs", bus.players.resyncs);
}

void handshakes_json(JsonReport& out, const RunOptions& options, const RunReport& report, const Derived& derived) {
  if (options.joins != 0) {
    out.writer().key("handshakes");
    out.handshakes(report.idle_joins);
    out.writer().key("joins");
    out.handshakes(report.joins);
    out.real("cpuMicrosecondsPerJoin", derived.join_us);
  }
  if (report.storms.empty()) return;
  out.writer().key("storms").begin_array();
  for (const Handshakes& storm : report.storms) out.handshakes(storm);
  out.writer().end_array();
}

}  // namespace

std::string report_table(const RunOptions& options, const RunReport& report) {
  const Derived derived = derive(report);
  const ViewerTotals& viewers = report.viewers;
  const CrowdOptions& crowd = options.crowd;
  std::string out;
  line(out, "viewers            %zu of %zu connected in %.2f s, %lu failed, %lu lost", viewers.connected, crowd.viewers,
       report.connect_s, viewers.failed, viewers.lost);
  line(out, "                   %zu of them polling, %zu slow, %zu stalled", crowd.polling, crowd.slow, crowd.stalled);
  line(out, "matches            %zu, %lu events sent", crowd.matches, report.observers.events);
  line(out, "delivered          %lu messages in %.2f s, %.0f/s, %.0f bytes each, %.0f%% compressed, %.0f%% patches",
       viewers.messages, report.measure_s, derived.messages_per_s, derived.bytes_per_message,
       100 * per(static_cast<double>(viewers.compressed), viewers.messages),
       100 * per(static_cast<double>(viewers.patches), viewers.messages));
  line(out, "per viewer         %lu to %lu messages, %lu skipped; missed ticks: %s", report.summary.least_messages,
       report.summary.most_messages, report.summary.skipped,
       report.missed_ticks ? std::to_string(*report.missed_ticks).c_str() : "unknown");
  checks_line(out, report);
  percentiles_line(out, "latency ms", viewers.latency);
  percentiles_line(out, "between two ms", viewers.between);
  line(out, "longest silence    %.1f ms, with what lasted at the end",
       static_cast<double>(report.summary.longest_silence_us) / 1000);
  if (report.end) {
    line(out, "server CPU         %.2f s (%.0f%% of a core), %.2f us per message, %.0f context switches/s",
         derived.cpu_s, 100 * derived.cpu_share, derived.cpu_us_per_message, derived.switches_per_s);
    line(out, "connecting         %.1f us of server CPU per viewer (with what was broadcast meanwhile)",
         derived.cpu_us_per_connect);
    line(out, "server memory      %.1f MB resident, %.0f bytes per viewer",
         static_cast<double>(report.end->rss_bytes) / 1e6, derived.bytes_per_viewer);
  }
  if (crowd.viewer.kind == ViewerKind::kBus) bus_lines(out, report, derived);
  if (options.joins != 0) {
    handshakes_line(out, "handshakes", report.idle_joins);
    handshakes_line(out, "and logons", report.joins);
    line(out, "a join             %.1f us of server CPU beyond the handshake", derived.join_us);
  }
  for (const Handshakes& storm : report.storms) handshakes_line(out, "storm", storm);
  return out;
}

std::string report_json(const RunOptions& options, const RunReport& report) {
  const Derived derived = derive(report);
  const ViewerTotals& viewers = report.viewers;
  const CrowdOptions& crowd = options.crowd;
  JsonReport out;
  out.whole("viewers", crowd.viewers);
  out.whole("matches", crowd.matches);
  out.whole("polling", crowd.polling);
  out.whole("slow", crowd.slow);
  out.whole("stalled", crowd.stalled);
  out.whole("connected", viewers.connected);
  out.whole("failed", viewers.failed);
  out.whole("lost", viewers.lost);
  out.real("connectSeconds", report.connect_s);
  out.real("measureSeconds", report.measure_s);
  out.whole("events", report.observers.events);
  out.whole("messages", viewers.messages);
  out.whole("bytes", viewers.bytes);
  out.whole("compressed", viewers.compressed);
  out.whole("patches", viewers.patches);
  out.whole("leastMessages", report.summary.least_messages);
  out.whole("mostMessages", report.summary.most_messages);
  out.whole("skipped", report.summary.skipped);
  out.real("longestSilenceMs", static_cast<double>(report.summary.longest_silence_us) / 1000);
  if (report.missed_ticks) out.whole("missedTicks", *report.missed_ticks);
  out.whole("outOfOrder", viewers.backwards);
  out.whole("unreadable", report.unreadable);
  out.whole("patchGaps", viewers.gaps);
  out.whole("wrongPatches", report.wrong_patches);
  out.whole("unmarked", viewers.unmarked);
  if (report.wrong_final) out.whole("wrongFinalState", *report.wrong_final);
  out.writer().key("isRight").boolean(is_right(options, report));
  out.real("messagesPerSecond", derived.messages_per_s);
  out.real("bytesPerMessage", derived.bytes_per_message);
  out.percentiles("latencyMs", viewers.latency);
  out.percentiles("betweenMs", viewers.between);
  server_json(out, report, derived);
  bus_json(out, options, report, derived);
  handshakes_json(out, options, report, derived);
  return out.end();
}

bool is_right(const RunOptions& options, const RunReport& report) {
  const ViewerTotals& viewers = report.viewers;
  uint64_t failed_later = report.idle_joins.failed + report.joins.failed;
  for (const Handshakes& storm : report.storms) failed_later += storm.failed;
  return viewers.failed == 0 && failed_later == 0 && viewers.lost <= options.crowd.stalled &&
         viewers.connected + viewers.lost == options.crowd.viewers && viewers.backwards == 0 && viewers.gaps == 0 &&
         report.bus.published.failed == 0 && report.bus.players.disorder == 0 && report.bus.players.resyncs == 0 &&
         report.bus.undelivered == 0 && report.unreadable == 0 && report.wrong_patches == 0 &&
         report.wrong_final.value_or(0) == 0 && report.observers.refused == 0;
}

}  // namespace matchbus::load
