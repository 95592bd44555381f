// Whatever may arrive as a logon or as a request for a preview: refused, or good for a match that can be shown, with
// its secret inside.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/document.h"
#include "match/logon.h"
#include "match/logon_header.h"
#include "match/match.h"
#include "match/preview.h"
#include "match/snapshot.h"
#include "match/version_range.h"

namespace {

using namespace matchbus;
using namespace matchbus::match;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_json(std::string_view text) {
  std::string copy(text);
  json::Document document;
  require(document.parse_in_place(copy).ok());
}

void check_logon(const ObserverLogon& logon) {
  BytesWriter header;
  write_logon_header(header, logon, "0", 1);
  require_json(header.view());
  const auto match = Match::create(logon, {}, 1);
  if (match == nullptr) return;
  BytesWriter shown;
  write_snapshot(shown, *match);
  require_json(shown.view());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const VersionRange versions = *VersionRange::parse(VersionRange::kDefault);
  std::string text(reinterpret_cast<const char*>(data), size);
  (void)VersionRange::parse(text);
  (void)versions.contains(text);
  json::Document document;
  if (!document.parse_in_place(text)) return 0;
  if (const auto logon = read_observer_logon(document.root(), versions)) check_logon(*logon);
  (void)read_auxiliary_logon(document.root(), versions);
  (void)read_logon_header(document.root());
  if (const auto preview = read_preview_request(document.root())) {
    BytesWriter out;
    write_preview(out, *preview, "ABCDEF");
    require_json(out.view());
  }
  return 0;
}
