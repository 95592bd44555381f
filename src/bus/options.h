// The bus's limits and intervals (README: "Realtime bus").
#pragma once

#include <cstddef>
#include <cstdint>

namespace matchbus::bus {

struct BusOptions {
  int heartbeat_timeout_ms = 90'000;  // a socket that says nothing for longer is closed with 4008
  int presence_sweep_ms = 15'000;     // between two sweeps
  int replay_ms = 60'000;             // events, and who left, are kept for so long
  size_t replay_events = 100'000;     // events kept at most
  size_t replay_bytes = 64'000'000;   // of them
  size_t max_departures = 50'000;     // sockets that may come back, kept at most; 0 = no limit
  size_t max_user_departures = 16;    // of one user; 0 = no limit
  size_t max_queue_messages = 256;    // waiting for one socket
  size_t max_queue_bytes = 1 << 20;   // waiting for one socket
  int stall_ms = 30'000;              // a socket that takes nothing for so long is closed with 1013; 0 = never
  size_t max_topics = 50;             // of one socket
  size_t max_topic_bytes = 128;       // of a topic's name
  int max_messages_per_second = 100;  // from one socket
  int max_commands = 16;              // of one socket, waiting for their answers
  size_t max_command_bytes = 64'000;  // of a command's arguments, as JSON
  size_t max_devices = 8;             // sockets of one user; beyond, the oldest is closed with 4001; 0 = no limit
  size_t max_chat = 2'000;            // characters of a chat message
  int max_chats_per_second = 10;      // chat messages of one user, over time; 0 = no limit
  int max_chat_burst = 100;           // of them, at once after a silence
  int64_t slice_us = 1'000;           // of sending per loop turn
  size_t deflate_threshold = 1024;    // bytes; as in ws::Options
  int deflate_level = 3;
};

}  // namespace matchbus::bus
