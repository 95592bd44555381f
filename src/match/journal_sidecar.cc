#include "match/journal_sidecar.h"

#include "json/writer.h"

namespace matchbus::match {
namespace {

constexpr int64_t kVersion = 1;  // of this form

}  // namespace

void write_sidecar(BytesWriter& out, const Sidecar& sidecar) {
  json::Writer(out)
      .begin_object()
      .key("version")
      .integer(kVersion)
      .key("groupSecret")
      .string(sidecar.group_secret)
      .key("playercamSecret")
      .string(sidecar.player_cam_secret)
      .key("organization")
      .begin_object()
      .key("id")
      .string(sidecar.organization.id)
      .key("name")
      .string(sidecar.organization.name)
      .key("isSupporter")
      .boolean(sidecar.organization.is_supporter)
      .end_object()
      .end_object();
  out.append('\n');
}

bool is_newer_sidecar(json::Value root) { return root["version"].integer(kVersion + 1, INT32_MAX).has_value(); }

Result<Sidecar> read_sidecar(json::Value root) {
  const auto version = root["version"].integer(0, kVersion);
  const auto secret = root["groupSecret"].string();
  const auto cam_secret = root["playercamSecret"].string();
  const json::Value organization = root["organization"];
  const auto id = organization["id"].string();
  const auto name = organization["name"].string();
  const auto is_supporter = organization["isSupporter"].boolean();
  if (!version || !secret || secret->empty() || !cam_secret || !id || !name || !is_supporter)
    return Error{"not what was written beside a journal"};
  return Sidecar{std::string(*secret), std::string(*cam_secret),
                 Organization{std::string(*id), std::string(*name), *is_supporter}};
}

}  // namespace matchbus::match
