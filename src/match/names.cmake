# Writes a C++ source that holds the names table as text: cmake -DINPUT=names.json -DOUTPUT=names_json.cc -P names.cmake
file(READ "${INPUT}" text)
if(text MATCHES "\\)names\"")
  message(FATAL_ERROR "${INPUT} holds the delimiter of its own literal")
endif()
file(WRITE "${OUTPUT}.new" "// Generated from names.json.\n#include \"match/names_json.h\"\n\nnamespace matchbus::match {\n\nconst std::string_view kNamesJson = R\"names(${text})names\";\n\n}  // namespace matchbus::match\n")
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
