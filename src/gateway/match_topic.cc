#include "gateway/match_topic.h"

#include <utility>

#include "json/writer.h"
#include "match/patch.h"
#include "match/snapshot.h"

namespace matchbus::gateway {
namespace {

constexpr std::string_view kPrefix = "match:";

std::string_view code_of(std::string_view topic) { return topic.substr(kPrefix.size()); }

void write_head(BytesWriter& out, std::string_view type, std::string_view topic) {
  out.append("\"type\":\"");
  out.append(type);
  out.append("\",\"topic\":");
  json::write_string(out, topic);
}

void write_seq(BytesWriter& out, std::string_view name, uint64_t seq) {
  out.append(name);
  json::write_integer(out, static_cast<int64_t>(seq));
}

using Write = void (*)(BytesWriter&, const match::Match&);

Bytes write_whole(std::string_view topic, const match::Match& match, uint64_t seq, Write write) {
  BytesWriter out;
  write_head(out, "match_data", topic);
  write_seq(out, ",\"seq\":", seq);
  out.append(",\"data\":");
  write(out, match);
  return out.take();
}

}  // namespace

MatchTopic::MatchTopic(bus::Bus& bus, Output& output, match::MatchRegistry& registry)
    : bus_(bus), output_(output), registry_(registry) {
  output_.set_watcher(this);
}

MatchTopic::~MatchTopic() {
  for (const auto& [code, topic] : topics_) output_.unwatch(code);
  output_.set_watcher(nullptr);
}

bool MatchTopic::has(std::string_view topic) const {
  return topic.starts_with(kPrefix) && topic.size() > kPrefix.size();
}

void MatchTopic::on_subscribed(std::string_view topic) {
  Topic& added = topics_[std::string(code_of(topic))];
  added.name = topic;
  added.seq = output_.watch(code_of(topic));
}

void MatchTopic::on_unsubscribed(std::string_view topic) {
  const auto found = topics_.find(code_of(topic));
  if (found == topics_.end()) return;
  output_.unwatch(found->first);
  topics_.erase(found);
}

Bytes MatchTopic::snapshot(std::string_view topic) {
  Topic* const found = find(code_of(topic));
  if (found == nullptr) return {};
  if (!found->whole.empty()) return found->whole;
  // The match shows either what was never published, or something newer that may not be seen yet.
  if (found->seq == 0 || found->pending_seq != 0 || found->owes_whole) {
    found->owes_whole = true;
    return {};
  }
  return found->whole = write_shown(*found, found->seq);
}

MatchTopic::Topic* MatchTopic::find(std::string_view group_code) {
  const auto found = topics_.find(group_code);
  return found == topics_.end() ? nullptr : &found->second;
}

Bytes MatchTopic::write_shown(const Topic& topic, uint64_t seq) {
  const match::Match* match = registry_.find_group(code_of(topic.name));
  return match != nullptr ? write_whole(topic.name, *match, seq, match::write_shown) : Bytes();
}

void MatchTopic::write_patch(Topic& topic, const match::Match& match, uint64_t seq) {
  BytesWriter out(std::move(topic.spare));
  write_head(out, "match_patch", topic.name);
  write_seq(out, ",\"base\":", seq - 1);
  write_seq(out, ",\"seq\":", seq);
  out.append(",\"patch\":");
  match::write_patch(out, match);
  topic.pending = out.take();
}

void MatchTopic::on_prepared(const match::Match& match, uint64_t seq, bool continues) {
  Topic* const topic = find(match.group_code());
  if (topic == nullptr) return;
  topic->pending_seq = seq;
  topic->pending = {};
  topic->is_pending_whole = false;
  if (std::exchange(topic->leaving, nullptr) == &match) {
    topic->pending = write_whole(topic->name, match, seq, match::write_snapshot);
    topic->is_pending_whole = true;
  } else if (continues && topic->seq == seq - 1 && !topic->owes_whole) {
    write_patch(*topic, match, seq);
  }
}

void MatchTopic::on_published(std::string_view group_code, uint64_t seq) {
  Topic* const topic = find(group_code);
  if (topic == nullptr) return;
  if (topic->pending_seq > seq) {
    // What comes next does not go on from anything that was sent.
    topic->owes_whole = true;
    return;
  }
  topic->pending_seq = 0;
  topic->seq = seq;
  topic->whole = {};
  Bytes text = std::exchange(topic->pending, {});
  const bool is_patch = !text.empty() && !topic->is_pending_whole;
  if (is_patch && !topic->owes_whole) {
    bus_.send_state(topic->name, text.view());
    topic->spare = std::move(text);
    return;
  }
  topic->whole = topic->is_pending_whole ? std::move(text) : write_shown(*topic, seq);
  topic->owes_whole = topic->is_pending_whole = false;
  if (!topic->whole.empty()) bus_.send_state(topic->name, topic->whole.view());
}

void MatchTopic::on_removed(const match::Match& match) {
  Topic* const topic = find(match.group_code());
  if (topic == nullptr) return;
  topic->leaving = &match;
  // Once the match has gone nobody can write what it shows.
  if (topic->pending_seq != 0) {
    topic->pending = write_whole(topic->name, match, topic->pending_seq, match::write_shown);
    topic->is_pending_whole = true;
  } else if (topic->seq != 0 && topic->whole.empty()) {
    topic->whole = write_whole(topic->name, match, topic->seq, match::write_shown);
  }
}

}  // namespace matchbus::gateway
