#include "app/server_metrics.h"

#include <string_view>

#include "app/metrics.h"

namespace matchbus::app {
namespace {

void add_port_connections(MetricsText& out, const MetricSources& from) {
  const auto add = [&](std::string_view name, std::string_view help, std::string_view type, const auto& figure) {
    out.labelled(name, help, type);
    out.sample("port", "ingest", figure(from.ingest_connections));
    out.sample("port", "output", figure(from.output_connections));
    out.sample("port", "extras", figure(from.extras_connections));
  };
  using Port = net::PortConnections;
  add("matchbus_port_connections", "Open connections of each port.", "gauge", [](const Port& p) { return p.open; });
  add("matchbus_port_connections_total", "Connections accepted.", "counter", [](const Port& p) { return p.accepted; });
  add("matchbus_port_connections_refused_total", "Connections refused at any limit.", "counter",
      [](const Port& p) { return p.refused; });
  add("matchbus_port_connections_displaced_total", "Idle connections dropped for one that came later.", "counter",
      [](const Port& p) { return p.displaced; });
}

void add_engine_metrics(MetricsText& out, std::string_view port, const socketio::Server& server) {
  const std::string prefix = "matchbus_" + std::string(port) + "_";
  const socketio::EngineStats& engine = server.engine_stats();
  const socketio::ServerStats& sockets = server.stats();
  out.gauge(prefix + "sessions", "Open Engine.IO sessions.", static_cast<double>(engine.open));
  out.gauge(prefix + "sessions_polling", "Of those, on long-polling.", static_cast<double>(engine.open_polling));
  out.gauge(prefix + "sessions_unpolled", "Of those, without a waiting poll.", static_cast<double>(engine.unpolled));
  out.labelled(prefix + "sessions_refused_total", "Engine.IO handshakes refused at a limit.", "counter");
  out.sample("limit", "total", engine.refused_total);
  out.sample("limit", "unpolled", engine.refused_unpolled);
  out.counter(prefix + "sessions_total", "Engine.IO sessions opened.", engine.sessions);
  out.counter(prefix + "packets_received_total", "Engine.IO packets received.", engine.packets_in);
  out.counter(prefix + "packets_sent_total", "Engine.IO packets sent.", engine.packets_out);
  out.counter(prefix + "bad_requests_total", "HTTP requests that were no Engine.IO.", engine.bad_requests);
  out.counter(prefix + "malformed_total", "Sessions closed for malformed packets.",
              engine.parse_errors + sockets.malformed);
  out.counter(prefix + "ping_timeouts_total", "Sessions closed for a missing heartbeat.", engine.ping_timeouts);
  out.counter(prefix + "overflows_total", "Sessions closed since their clients did not take what was sent.",
              engine.overflows);
  out.gauge(prefix + "sockets", "Connected Socket.IO sockets.", static_cast<double>(sockets.sockets));
  out.gauge(prefix + "sockets_suspended", "Lost sockets that may still come back.",
            static_cast<double>(sockets.suspended));
  out.counter(prefix + "sockets_recovered_total", "Lost sockets that came back.", sockets.recovered);
}

void add_journal_metrics(MetricsText& out, Journal& journal, const JournalPruner& pruner,
                         const RecoveryStats& recovery) {
  const JournalStats& stats = journal.stats();
  out.counter("matchbus_journal_events_total", "Events taken into journals.", stats.events);
  out.counter("matchbus_journal_bytes_total", "Bytes written to journals.", stats.bytes);
  out.counter("matchbus_journal_batches_total", "Writes of all journals with news together.", stats.batches);
  out.counter("matchbus_journal_failed_total", "Of those, with something that could not be written.", stats.failed);
  out.counter("matchbus_journal_late_total", "Ticks whose states were shown before they were in a journal.",
              stats.late);
  out.counter("matchbus_journal_given_up_total", "Journals given up, since too much waited for the disk.",
              stats.given_up);
  out.counter("matchbus_journal_too_large_total", "Journals given up, since their matches sent too much.",
              stats.too_large);
  out.gauge("matchbus_journal_degraded", "Live matches that would not come back from a crash as they are.",
            static_cast<double>(journal.degraded()));
  out.gauge("matchbus_journal_live_bytes", "Bytes of live matches' journals.",
            static_cast<double>(journal.live_bytes()));
  out.gauge("matchbus_journal_pending_bytes", "Bytes waiting to be written.", static_cast<double>(stats.pending_bytes));
  out.gauge("matchbus_journal_longest_write_seconds", "Longest write since the last scrape.",
            static_cast<double>(journal.take_longest_batch_us()) / 1e6);
  out.counter("matchbus_journal_syncs_total", "Background runs that forced journals onto the disk.",
              journal.sync_stats().runs);
  out.counter("matchbus_journal_syncs_failed_total", "Of those, failed.", journal.sync_stats().failed);
  out.counter("matchbus_journal_pruned_total", "Old journals deleted.", pruner.stats().files);
  out.counter("matchbus_recovered_matches_total", "Matches brought back at the start.", recovery.matches);
  out.counter("matchbus_recovered_torn_total", "Journals whose torn last entry was dropped.", recovery.torn);
  out.counter("matchbus_recovered_broken_total", "Journals put aside as unreadable.", recovery.broken);
  out.counter("matchbus_recovered_left_total",
              "Matches not brought back at the start, their files left for a later one.", recovery.left);
}

void add_backend_metrics(MetricsText& out, const gateway::ServiceStats& stats) {
  out.labelled("matchbus_backend_requests_total", "Calls to services outside, by what became of them.", "counter");
  out.sample("result", "accepted", stats.accepted);
  out.sample("result", "refused", stats.refused);
  out.sample("result", "failed", stats.failed);
  out.sample("result", "dropped", stats.dropped);
  out.counter("matchbus_backend_unreadable_total", "Of the accepted ones, answers that made no sense.",
              stats.unreadable);
  out.counter("matchbus_backend_retries_total", "Calls that were tried again.", stats.retries);
  out.gauge("matchbus_backend_waiting", "Calls under way.", static_cast<double>(stats.waiting));
}

// Families without a sample are left out.
void add_faults(MetricsText& out, const gateway::EventFaults& faults) {
  const auto add = [&out](std::string_view name, std::string_view help, std::string_view label,
                          const gateway::EventFaults::Counters& counters) {
    if (!counters.empty()) out.labelled(name, help, "counter");
    for (const auto& [key, count] : counters) out.sample({{"type", key.first}, {label, key.second}}, count);
  };
  add("matchbus_events_refused_total", "Events refused, by type, and the field or the reason.", "reason",
      faults.refused());
  add("matchbus_fields_ignored_total", "Fields of events that said nothing, by type of event; the rest was applied.",
      "field", faults.ignored());
}

void add_key_metrics(MetricsText& out, const gateway::KeyGuard& guard) {
  if (!guard.wrongs().empty()) out.labelled("matchbus_wrong_keys_total", "Wrong keys and secrets.", "counter");
  for (const auto& [what, count] : guard.wrongs()) out.sample("what", what, count);
  out.counter("matchbus_keys_refused_total", "Keys and secrets not looked at, since too many wrong ones came before.",
              guard.refused());
}

}  // namespace

std::string server_metrics(const MetricSources& from) {
  MetricsText out;
  const net::ConnectionStats& connections = from.connections;
  out.gauge("matchbus_connections", "Open connections.", static_cast<double>(connections.open));
  out.gauge("matchbus_connections_limit", "Most of them there may be; 0 is no limit.",
            static_cast<double>(from.connection_limit));
  out.counter("matchbus_connections_total", "Connections accepted.", connections.accepted);
  out.labelled("matchbus_connections_refused_total", "Connections refused at a limit.", "counter");
  out.sample("limit", "total", connections.refused_total);
  out.sample("limit", "address", connections.refused_address);
  out.sample("limit", "files", connections.refused_files);
  add_port_connections(out, from);
  out.counter("matchbus_tls_handshakes_total", "TLS handshakes completed.", connections.tls_handshakes);
  out.counter("matchbus_tls_failures_total", "TLS handshakes and sessions that failed.", connections.tls_failures);
  out.labelled("matchbus_http_requests_total", "HTTP requests.", "counter");
  out.sample("port", "ingest", from.ingest_http.requests);
  out.sample("port", "output", from.output_http.requests);
  out.sample("port", "extras", from.extras_http.requests);
  out.labelled("matchbus_http_bad_requests_total", "HTTP requests refused.", "counter");
  out.sample("port", "ingest", from.ingest_http.bad_requests);
  out.sample("port", "output", from.output_http.bad_requests);
  out.sample("port", "extras", from.extras_http.bad_requests);
  const ws::Stats& ws = from.websocket;
  out.counter("matchbus_websocket_handshakes_total", "WebSocket handshakes.", ws.handshakes);
  out.counter("matchbus_websocket_refused_total", "WebSocket handshakes refused.", ws.refused_handshakes);
  out.counter("matchbus_websocket_protocol_errors_total", "WebSocket connections failed.", ws.protocol_errors);
  const ws::UnfinishedStats& unfinished = from.unfinished;
  out.gauge("matchbus_unfinished_messages", "Messages from clients of which only a part has arrived.",
            static_cast<double>(unfinished.messages));
  out.gauge("matchbus_unfinished_bytes", "What they hold.", static_cast<double>(unfinished.bytes));
  out.labelled("matchbus_unfinished_dropped_total", "Of those, given up with their connections.", "counter");
  out.sample("limit", "time", unfinished.too_long);
  out.sample("limit", "bytes", unfinished.too_much);
  add_engine_metrics(out, "ingest", from.ingest_server);
  add_engine_metrics(out, "output", from.output_server);
  out.gauge("matchbus_matches", "Live matches.", static_cast<double>(from.registry.size()));
  out.labelled("matchbus_senders", "Senders that are logged on, lost ones that may come back included.", "gauge");
  out.sample("kind", "observer", from.ingest.observers());
  out.sample("kind", "auxiliary", from.ingest.auxiliaries());
  out.counter("matchbus_logons_total", "Observers and auxiliary clients logged on.", from.ingest.stats().logons);
  out.counter("matchbus_logons_repeated_total", "Logons of senders that are logged on, answered with what they have.",
              from.ingest.stats().repeated);
  out.counter("matchbus_logons_restored_total", "Senders logged on again by what their offsets say.",
              from.ingest.stats().restored);
  out.counter("matchbus_senders_turned_away_total", "Senders disconnected for sending data without logging on.",
              from.ingest.stats().turned_away);
  out.counter("matchbus_logons_refused_total", "Logons refused.", from.ingest.stats().refused_logons);
  add_key_metrics(out, from.guard);
  if (from.backend != nullptr) add_backend_metrics(out, from.backend->stats());
  out.gauge("matchbus_previews", "Previews kept.", static_cast<double>(from.previews));
  out.gauge("matchbus_results", "Results of finished matches kept.", static_cast<double>(from.results));
  out.labelled("matchbus_events_total", "Events from observers and auxiliary clients.", "counter");
  out.sample("result", "applied", from.registry.stats().applied);
  out.sample("result", "ignored", from.registry.stats().ignored);
  out.sample("result", "refused", from.registry.stats().refused);
  out.sample("result", "unreadable", from.ingest.stats().unreadable);
  out.sample("result", "before_logon", from.ingest.stats().before_logon);
  out.sample("result", "too_fast", from.ingest.stats().too_fast);
  out.counter("matchbus_events_reduced_total",
              "Events larger than any client's, of which only what is known was taken.", from.ingest.stats().reduced);
  add_faults(out, from.ingest.faults());
  out.gauge("matchbus_rooms", "Groups with viewers.", static_cast<double>(from.output.rooms()));
  out.counter("matchbus_viewer_logons_total", "Viewers logged on.", from.output.stats().logons);
  const gateway::OutputStats& output = from.output.stats();
  out.counter("matchbus_viewer_logons_refused_total", "Logons of viewers without a usable group code.",
              output.refused_logons);
  out.counter("matchbus_snapshots_total", "Match states encoded.", output.updates.snapshots);
  out.counter("matchbus_patches_total", "Changes of match states encoded.", output.updates.patches);
  out.labelled("matchbus_frames_total", "WebSocket frames made of either, each for all its viewers.", "counter");
  out.sample("form", "plain", output.frames.plain);
  out.sample("form", "deflated", output.frames.deflated);
  out.sample("form", "shared", output.frames.shared);
  out.counter("matchbus_broadcasts_total", "States sent to a room.", from.fan_out.published);
  out.counter("matchbus_deliveries_total", "States sent to a viewer.", from.fan_out.delivered);
  out.counter("matchbus_conflated_total", "States that a busy viewer was spared.", from.fan_out.conflated);
  out.counter("matchbus_stalled_total", "Viewers dropped for taking nothing.", from.fan_out.stalled);
  if (from.journal != nullptr) add_journal_metrics(out, *from.journal, *from.pruner, from.recovery);
  from.bus.add_metrics(out);
  out.gauge("matchbus_memory_limit_bytes", "What the process may take of memory; 0 is no limit.",
            static_cast<double>(from.memory.limit()));
  out.counter("matchbus_memory_ended_total", "Clients ended to make room in memory.", from.memory.stats().ended);
  out.counter("matchbus_memory_given_back_total", "Times that freed memory was given back to the system.",
              from.memory.stats().given_back);
  out.gauge("matchbus_loop_longest_turn_seconds", "Longest turn of the event loop since the last scrape.",
            static_cast<double>(from.longest_turn.us) / 1e6);
  out.gauge("matchbus_loop_longest_turn_cpu_seconds",
            "Longest CPU time of a turn of the event loop since the last scrape.",
            static_cast<double>(from.longest_turn.cpu_us) / 1e6);
  add_process_metrics(out);
  return out.text();
}

}  // namespace matchbus::app
