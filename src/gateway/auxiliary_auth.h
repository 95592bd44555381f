// What an auxiliary client has to know to be let in, and how it shows later that it was.
//
// Unmodified auxiliary clients send neither a key nor a secret: all they know is the match's id, which every viewer is
// sent. So an operator who can have clients that send more says so, and one who cannot sees who is there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace matchbus::gateway {

enum class AuxiliaryAuth : uint8_t {
  kOpen,    // a live match's id
  kKey,     // and an access key, as an observer's
  kSecret,  // and the secret of the match's group, which is then the only match that the client writes to
};

// "open", "key" or "secret"; nothing for every other text.
std::optional<AuxiliaryAuth> read_auxiliary_auth(std::string_view text);

// What a client that was let in under `auth` brings back with its offset, so that no offset can be made up by somebody
// who was not: a keyed hash (HMAC with SHA-256, RFC 2104) that only who has the group's secret can compute. It is bound
// to `auth`, so what was let in by a weaker rule is not let in again once the rule is stricter. Outlives the server,
// as the secret does.
std::string auxiliary_proof(AuxiliaryAuth auth, std::string_view secret, std::string_view match_id);

}  // namespace matchbus::gateway
