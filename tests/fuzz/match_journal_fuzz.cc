// Whatever may lie on a disk as a journal, or beside one: read to its end, broken or torn, and what counts as good
// reads again as the same entries. The reader of foreign recordings reads at least as much of each.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "match/journal_name.h"
#include "match/journal_reader.h"
#include "match/journal_sidecar.h"
#include "match/recording_reader.h"

namespace {

using namespace matchbus;
using namespace matchbus::match;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_journal(const std::string& file) {
  std::string text = file;
  JournalReader reader(text);
  if (!reader.read_header()) return require(!reader.error().empty());
  while (reader.next()) continue;
  require(!reader.next());
  require(reader.good_size() <= file.size());
  if (!reader.error().empty()) return;
  std::string good = file.substr(0, reader.good_size());
  JournalReader again(good);
  require(again.read_header().ok());
  while (again.next()) continue;
  require(again.error().empty() && !again.is_torn() && again.events() == reader.events());
}

size_t own_events(std::string text) {
  JournalReader reader(text);
  if (!reader.read_header()) return 0;
  while (reader.next()) continue;
  return reader.error().empty() ? reader.events() : 0;
}

void check_recording(const std::string& text) {
  RecordingReader reader(text);
  size_t events = 0;
  if (reader.read_header()) {
    while (const auto event = reader.next()) {
      require(event->data.exists() && event->timestamp >= 0);
      require(reader.entry()["type"].string() == event->type_name);
      require(reader.line() > 0 && reader.line() <= text.size() + 1);
      ++events;
    }
  } else {
    require(!reader.error().empty());
  }
  require(!reader.next());
  require(reader.error().empty() || !reader.is_torn());
  require(events >= own_events(text));
}

void check_sidecar(std::string text) {
  json::Document document;
  if (!document.parse_in_place(text)) return;
  const auto sidecar = read_sidecar(document.root());
  if (!sidecar) return;
  require(!sidecar->group_secret.empty());
  BytesWriter out;
  write_sidecar(out, *sidecar);
  std::string copy(out.view());
  json::Document again;
  require(again.parse_in_place(copy).ok() && read_sidecar(again.root()).ok());
}

void check_name(const std::string& text) {
  (void)read_journal_name(text);
  const std::string stem = journal_stem(text, 1);
  const std::string name = stem + std::string(kBrokenSuffix);
  require(name.size() <= 255 && name.find('/') == std::string::npos && name.find('\0') == std::string::npos);
  const auto read = read_journal_name(name);
  require(read && read->stem == stem && read->start_ms == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_journal(text);
  check_recording(text);
  check_sidecar(text);
  check_name(text);
  return 0;
}
