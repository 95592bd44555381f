// Clients subscribe to topics and unsubscribe, several at a time or one by one.
#include <string>
#include <string_view>
#include <vector>

#include "bus/client_messages.h"

namespace matchbus::bus {

// A request may name topics that are rejected, but not so many that the answers are an attack.
bool ClientMessages::has_topics(Session& session, json::Value message) {
  const json::Value topics = message["topics"];
  if (topics.is_array() && topics.size() <= 2 * parts_.options.max_topics) {
    bool are_texts = true;
    for (json::Value v = topics.first(); v.exists(); v = topics.after(v)) are_texts = are_texts && v.is_string();
    if (are_texts) return true;
  }
  refuse(session, "bad_message", "topics must be an array of texts, and not too long");
  return false;
}

// Subscribes, or tells why not.
bool ClientMessages::subscribe(Session& session, std::string_view topic) {
  const std::string_view refusal = parts_.topics.subscribe(session, topic);
  if (refusal.empty()) return true;
  ++parts_.stats.refused;
  parts_.broadcast.answer(session, [&](json::Writer& out) {
    out.key("type").string("subscription_rejected").key("topic").string(topic).key("reason").string(refusal);
    out.key("current_count").integer(static_cast<int64_t>(session.topic_count()));
  });
  return false;
}

void ClientMessages::on_subscribe(Session& session, json::Value message) {
  if (!has_topics(session, message)) return;
  const json::Value topics = message["topics"];
  std::vector<std::string_view> accepted;
  for (json::Value v = topics.first(); v.exists(); v = topics.after(v)) {
    if (subscribe(session, *v.string())) accepted.push_back(*v.string());
  }
  // With nothing but rejections there is nothing to confirm.
  if (accepted.empty() && topics.size() != 0) return;
  parts_.broadcast.answer(session, [&](json::Writer& out) {
    out.key("type").string("subscribed").key("topics").begin_array();
    for (const std::string_view topic : accepted) out.string(topic);
    out.end_array();
  });
  for (const std::string_view topic : accepted) parts_.topics.send_snapshot(session, topic);
}

void ClientMessages::on_unsubscribe(Session& session, json::Value message) {
  if (!has_topics(session, message)) return;
  const json::Value topics = message["topics"];
  for (json::Value v = topics.first(); v.exists(); v = topics.after(v)) {
    parts_.topics.unsubscribe(session, *v.string());
  }
  parts_.broadcast.answer(
      session, [&](json::Writer& out) { out.key("type").string("unsubscribed").key("topics").value(topics); });
}

void ClientMessages::on_subscribe_topic(Session& session, json::Value message) {
  const std::optional<std::string_view> topic = message["topic"].string();
  if (!topic) return refuse(session, "bad_message", "topic must be a text");
  if (!subscribe(session, *topic)) return;
  parts_.broadcast.answer(
      session, [&](json::Writer& out) { out.key("type").string("topic_subscribed").key("topic").string(*topic); });
  parts_.topics.send_snapshot(session, *topic);
}

void ClientMessages::on_unsubscribe_topic(Session& session, json::Value message) {
  const std::optional<std::string_view> topic = message["topic"].string();
  if (!topic) return refuse(session, "bad_message", "topic must be a text");
  parts_.topics.unsubscribe(session, *topic);
  parts_.broadcast.answer(
      session, [&](json::Writer& out) { out.key("type").string("topic_unsubscribed").key("topic").string(*topic); });
}

}  // namespace matchbus::bus
