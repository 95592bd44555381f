#include "app/bus_metrics.h"

namespace matchbus::app {
namespace {

void add_core_metrics(MetricsText& out, const bus::BusStats& stats) {
  out.gauge("matchbus_bus_sockets", "Players' and admins' connections.", static_cast<double>(stats.sockets));
  out.gauge("matchbus_bus_users", "Users with a connection.", static_cast<double>(stats.users));
  out.gauge("matchbus_bus_rooms", "Rooms and topics in use.", static_cast<double>(stats.rooms));
  out.gauge("matchbus_bus_subscriptions", "Subscriptions to topics.", static_cast<double>(stats.subscriptions));
  out.gauge("matchbus_bus_departures", "Lost connections that may still come back.",
            static_cast<double>(stats.departures));
  out.gauge("matchbus_bus_replay_events", "Events kept for them.", static_cast<double>(stats.replay_events));
  out.gauge("matchbus_bus_replay_bytes", "Size of those events.", static_cast<double>(stats.replay_bytes));
  out.gauge("matchbus_bus_queued", "Events waiting for connections.", static_cast<double>(stats.queued));
  out.counter("matchbus_bus_connects_total", "Connections let in.", stats.connects);
  out.counter("matchbus_bus_recovered_total", "Of those, brought up to date by a replay.", stats.recovered);
  out.counter("matchbus_bus_resyncs_total", "Clients told to fetch their state again.", stats.resyncs);
  out.labelled("matchbus_bus_closed_total", "Connections that the bus closed.", "counter");
  out.sample("reason", "superseded", stats.superseded);
  out.sample("reason", "heartbeat", stats.timed_out);
  out.sample("reason", "expired", stats.expired);
  out.sample("reason", "stalled", stats.stalled);
  out.sample("reason", "flooding", stats.flooding);
  out.counter("matchbus_bus_events_total", "Events sent.", stats.events);
  out.counter("matchbus_bus_deliveries_total", "Messages given to connections.", stats.deliveries);
  out.counter("matchbus_bus_replayed_total", "Of those, replayed.", stats.replayed);
  out.counter("matchbus_bus_dropped_total", "Events dropped from full queues.", stats.dropped);
  out.counter("matchbus_bus_overflows_total", "Queues that were cleared.", stats.overflows);
  out.counter("matchbus_bus_messages_total", "Messages from clients.", stats.messages);
  out.counter("matchbus_bus_messages_refused_total", "Of those, answered with an error.", stats.refused);
  out.counter("matchbus_bus_moves_total", "Moves of users.", stats.moves);
}

void add_door_metrics(MetricsText& out, const BusMetricSources& from) {
  const gateway::BusEndpointStats& door = from.endpoint;
  out.labelled("matchbus_bus_tokens_refused_total", "Clients refused for their token.", "counter");
  for (size_t i = 0; i < door.refused_tokens.size(); ++i)
    out.sample("reason", bus::describe(static_cast<bus::TokenError>(i)), door.refused_tokens[i]);
  out.labelled("matchbus_bus_clients_refused_total", "Clients refused for something else.", "counter");
  out.sample("reason", "forbidden", door.refused_rows);
  out.sample("reason", "lookup failed", door.failed_lookups);
  out.sample("reason", "gone", door.gone);
  out.sample("reason", "unavailable", door.unavailable);
  out.gauge("matchbus_bus_lookups", "Clients whose rows are looked up.", static_cast<double>(from.lookups));

  const gateway::BusApiStats& api = from.api;
  out.counter("matchbus_bus_api_requests_total", "Requests to the server API.", api.requests);
  out.labelled("matchbus_bus_api_refused_total", "Of those, not done.", "counter");
  out.sample("reason", "unauthorized", api.unauthorized);
  out.sample("reason", "limited", api.limited);
  out.sample("reason", "repeated", api.repeated);
  out.labelled("matchbus_bus_published_total", "Entries of services to be published.", "counter");
  out.sample("result", "accepted", from.publisher.accepted());
  out.sample("result", "refused", from.publisher.refused());

  const gateway::CommandStats& commands = from.commands;
  out.labelled("matchbus_bus_commands_total", "Players' commands sent on, by what became of them.", "counter");
  out.sample("result", "accepted", commands.answered);
  out.sample("result", "refused", commands.refused);
  out.sample("result", "failed", commands.failed);
}

}  // namespace

void add_bus_metrics(MetricsText& out, const BusMetricSources& from) {
  add_core_metrics(out, from.bus);
  add_door_metrics(out, from);
}

}  // namespace matchbus::app
