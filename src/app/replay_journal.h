// A recorded match as a source: reads a journal (section 8 of the protocol) or whatever else match::RecordingReader
// takes, and makes of it what an observer would have sent. What the server itself has written into the journal is left
// out; members that nobody knows are sent as they are.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/replay_source.h"
#include "base/bytes.h"
#include "base/result.h"
#include "match/recording_reader.h"

namespace matchbus::app {

// What is said instead of what the journal has.
struct ReplayIdentity {
  std::string group_code;      // "": the journal's
  std::string key;             // journals have none
  std::string client_version;  // "": the journal's, or a usual one
};

// The whole of a file of at most `most` bytes. Errors name it.
constexpr size_t kMostJournal = size_t{256} << 20;
Result<std::string> read_whole_file(const std::string& path, size_t most = kMostJournal);

class JournalSource final : public ReplaySource {
 public:
  // `text`: a journal. An error tells why it is none.
  static Result<std::unique_ptr<JournalSource>> open(std::string text, const ReplayIdentity& identity);

  const std::string& logon() const override { return logon_; }
  std::optional<ReplayEvent> next() override;
  std::string error() const override { return reader_->error(); }
  void restart(uint64_t round) override;

 private:
  explicit JournalSource(std::string text) : text_(std::move(text)) {}
  Result<match::LogonHeader> begin();
  // As an observer would send it, into event_.
  void write_event(const match::Envelope& event);

  std::string text_;
  std::unique_ptr<match::RecordingReader> reader_;
  std::string observer_;
  std::string group_code_;
  std::string logon_;
  int64_t start_ms_ = 0;
  int64_t clock_steps_ms_ = 0;  // by which the recorder's clock was set so far
  int64_t last_at_ms_ = 0;
  BytesWriter event_;
  BytesWriter others_;
};

}  // namespace matchbus::app
