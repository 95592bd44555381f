#include "load/json_patch.h"

#include <charconv>
#include <optional>
#include <string>

namespace matchbus::load {
namespace {

using rapidjson::Value;

// A token of a JSON Pointer (RFC 6901) as it is meant.
std::string unescape(std::string_view token) {
  std::string out;
  for (size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size()) {
      out += token[++i] == '1' ? '/' : '~';
    } else {
      out += token[i];
    }
  }
  return out;
}

// An index of `array` or, where `may_be_end`, just behind it.
std::optional<rapidjson::SizeType> index_in(const Value& array, std::string_view token, bool may_be_end) {
  if (may_be_end && token == "-") return array.Size();
  rapidjson::SizeType index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc() || end != token.data() + token.size()) return std::nullopt;
  if (index < array.Size() || (may_be_end && index == array.Size())) return index;
  return std::nullopt;
}

class Operation {
 public:
  Operation(rapidjson::Document& document, const Value& operation) : document_(document), operation_(operation) {}

  bool apply() {
    const auto op = text("op");
    const auto path = text("path");
    if (!op || !path) return false;
    const bool removes = *op == "remove";
    const auto value = operation_.FindMember("value");
    if (!removes && (value == operation_.MemberEnd() || (*op != "add" && *op != "replace"))) return false;
    Value copy;
    if (!removes) copy.CopyFrom(value->value, document_.GetAllocator());
    if (path->empty()) {
      if (removes) return false;
      static_cast<Value&>(document_) = copy;
      return true;
    }
    if (path->front() != '/') return false;
    const size_t last = path->rfind('/');
    Value* const parent = find(path->substr(0, last));
    if (parent == nullptr) return false;
    const std::string token = unescape(path->substr(last + 1));
    if (parent->IsObject()) return in_object(*parent, token, *op, copy);
    return parent->IsArray() && in_array(*parent, token, *op, copy);
  }

 private:
  std::optional<std::string_view> text(const char* key) const {
    if (!operation_.IsObject()) return std::nullopt;
    const auto member = operation_.FindMember(key);
    if (member == operation_.MemberEnd() || !member->value.IsString()) return std::nullopt;
    return std::string_view(member->value.GetString(), member->value.GetStringLength());
  }

  Value* find(std::string_view path) {
    Value* at = &document_;
    while (!path.empty()) {
      path.remove_prefix(1);
      const size_t end = std::min(path.find('/'), path.size());
      const std::string token = unescape(path.substr(0, end));
      path.remove_prefix(end);
      if (at->IsObject()) {
        if (!at->HasMember(token.c_str())) return nullptr;
        const auto member = at->FindMember(token.c_str());
        at = &member->value;
      } else {
        const auto index = at->IsArray() ? index_in(*at, token, false) : std::nullopt;
        if (!index) return nullptr;
        at = &(*at)[*index];
      }
    }
    return at;
  }

  bool in_object(Value& object, const std::string& token, std::string_view op, Value& value) {
    const bool is_there = object.HasMember(token.c_str());
    const auto member = object.FindMember(token.c_str());
    if (op == "remove") return is_there && (object.EraseMember(member), true);
    if (is_there) {
      member->value = value;
    } else {
      if (op == "replace") return false;
      object.AddMember(Value(token.c_str(), document_.GetAllocator()), value, document_.GetAllocator());
    }
    return true;
  }

  bool in_array(Value& array, std::string_view token, std::string_view op, Value& value) {
    const auto index = index_in(array, token, op == "add");
    if (!index) return false;
    if (op == "remove") return array.Erase(array.Begin() + *index), true;
    if (op == "replace") return array[*index] = value, true;
    array.PushBack(value, document_.GetAllocator());
    for (rapidjson::SizeType i = array.Size() - 1; i > *index; --i) array[i].Swap(array[i - 1]);
    return true;
  }

  rapidjson::Document& document_;
  const Value& operation_;
};

}  // namespace

bool apply_patch(rapidjson::Document& document, std::string_view patch) {
  rapidjson::Document operations;
  operations.Parse(patch.data(), patch.size());
  if (operations.HasParseError() || !operations.IsArray()) return false;
  for (const Value& operation : operations.GetArray()) {
    if (!Operation(document, operation).apply()) return false;
  }
  return true;
}

}  // namespace matchbus::load
