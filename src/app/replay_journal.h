// A recorded match as a source: reads a journal (section 8 of the protocol) and makes of it what an observer would have
// sent. What the server itself has written into the journal is left out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/replay_source.h"
#include "base/bytes.h"
#include "base/result.h"
#include "match/journal_reader.h"

namespace matchbus::app {

// What is said instead of what the journal has.
struct ReplayIdentity {
  std::string group_code;      // "": the journal's
  std::string key;             // journals have none
  std::string client_version;  // "": the journal's
};

// The whole of a file. Errors name it.
Result<std::string> read_whole_file(const std::string& path);

class JournalSource final : public ReplaySource {
 public:
  // `text`: a journal. An error tells why it is none.
  static Result<std::unique_ptr<JournalSource>> open(std::string text, const ReplayIdentity& identity);

  const std::string& logon() const override { return logon_; }
  std::optional<ReplayEvent> next() override;
  std::string error() const override { return reader_->error(); }
  void restart(uint64_t round) override;

 private:
  explicit JournalSource(std::string text) : original_(std::move(text)) {}
  Result<match::LogonHeader> begin();

  std::string original_;
  std::string text_;  // the copy that is read in place
  std::unique_ptr<match::JournalReader> reader_;
  std::string group_code_;
  std::string logon_;
  int64_t start_ms_ = 0;
  int64_t clock_steps_ms_ = 0;  // by which the recorder's clock was set so far
  int64_t last_at_ms_ = 0;
  BytesWriter event_;
};

}  // namespace matchbus::app
