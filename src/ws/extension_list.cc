// A recursive descent over the grammar of RFC 6455 section 9.1:
//
//   extension-list  = 1#extension            (empty list elements are passed over, RFC 9110 section 5.6.1.2)
//   extension       = token *( ";" token [ "=" ( token | quoted-string ) ] )
//
// where the text of a quoted string must itself be a token.
#include "ws/extension_list.h"

namespace matchbus::ws {
namespace {

// tchar of RFC 9110 section 5.6.2.
bool is_token_char(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<ExtensionList> list() {
    ExtensionList extensions;
    do {
      skip_space();
      if (rest_.empty() || rest_.front() == ',') continue;
      std::optional<Extension> one = extension();
      if (!one) return std::nullopt;
      extensions.push_back(std::move(*one));
    } while (take(','));
    if (!rest_.empty() || extensions.empty()) return std::nullopt;
    return extensions;
  }

 private:
  std::optional<Extension> extension() {
    Extension result{token(), {}};
    if (result.name.empty()) return std::nullopt;
    while (take(';')) {
      ExtensionParameter parameter{token(), std::nullopt};
      if (parameter.name.empty()) return std::nullopt;
      if (take('=')) {
        skip_space();
        parameter.value = !rest_.empty() && rest_.front() == '"' ? quoted() : token();
        if (parameter.value->empty()) return std::nullopt;
      }
      result.parameters.push_back(std::move(parameter));
    }
    return result;
  }

  std::string token() {
    skip_space();
    size_t length = 0;
    while (length < rest_.size() && is_token_char(rest_[length])) ++length;
    std::string result(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return result;
  }

  // The token inside the quotes; empty if there is none.
  std::string quoted() {
    std::string result;
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') rest_.remove_prefix(1);
      if (rest_.empty() || !is_token_char(rest_.front())) return {};
      result += rest_.front();
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return {};
    rest_.remove_prefix(1);
    return result;
  }

  bool take(char c) {
    skip_space();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

}  // namespace

std::optional<ExtensionList> parse_extensions(std::string_view value) { return Parser(value).list(); }

}  // namespace matchbus::ws
