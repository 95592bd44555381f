// Secrets among a program's arguments: everybody on the machine can read these, in `ps` and in /proc, for as long as
// the process lives. They are taken over and wiped where the system shows them; who gave them is told of a better
// place.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace matchbus::app {

// A flag whose value is secret, and the environment variable that it can be given in.
struct SecretFlag {
  std::string_view flag;  // "--auth-key"
  std::string_view environment;
  bool only_with_user = false;  // a URL: secret if it has a user's part (`@`)
};

struct Arguments {
  std::vector<std::string> texts;   // all of them, the program's name first
  std::vector<SecretFlag> secrets;  // that were given, each once
  // As a program's main gets them, borrowed from `texts`; a null is behind the last.
  std::vector<const char*> argv() const;
};

// Copies the arguments and wipes the secret values from `argv`, as `--flag value` and as `--flag=value`.
Arguments take_arguments(int argc, char** argv, std::span<const SecretFlag> flags);

// What to tell of a secret that was given as an argument.
std::string advice_on(const SecretFlag& secret);

}  // namespace matchbus::app
