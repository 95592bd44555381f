// Whatever may lie beside a journal: refused, or read as what is written again the same way.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "match/journal_sidecar.h"

namespace {

using namespace matchbus;
using namespace matchbus::match;

void require(bool holds) {
  if (!holds) std::abort();
}

bool are_same(const Sidecar& a, const Sidecar& b) {
  return a.group_secret == b.group_secret && a.player_cam_secret == b.player_cam_secret &&
         a.organization.id == b.organization.id && a.organization.name == b.organization.name &&
         a.organization.is_supporter == b.organization.is_supporter;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  json::Document document;
  if (!document.parse_in_place(text)) return 0;
  const auto sidecar = read_sidecar(document.root());
  if (!sidecar) return 0;
  require(!is_newer_sidecar(document.root()) && !sidecar->group_secret.empty());
  BytesWriter out;
  write_sidecar(out, *sidecar);
  std::string copy(out.view());
  json::Document again;
  require(again.parse_in_place(copy).ok());
  const auto read = read_sidecar(again.root());
  require(read.ok() && are_same(*read, *sidecar));
  return 0;
}
