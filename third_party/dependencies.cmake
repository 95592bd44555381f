# Finds the libraries that README.md here lists, as the distribution's packages, and gives each a plain target name.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

function(find_third_party target package)
  pkg_check_modules(${target} REQUIRED IMPORTED_TARGET ${package})
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE PkgConfig::${target})
endfunction()

find_third_party(libuv libuv)


add_library(zlib INTERFACE)
find_package(ZLIB REQUIRED)
target_link_libraries(zlib INTERFACE ZLIB::ZLIB)

# Libraries without a pkg-config file in all supported releases.
function(find_plain_library target header)
  find_path(${target}_INCLUDE ${header} REQUIRED)
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE ${${target}_INCLUDE})
  foreach(name ${ARGN})
    find_library(${target}_${name}_LIBRARY ${name} REQUIRED)
    target_link_libraries(${target} INTERFACE ${${target}_${name}_LIBRARY})
  endforeach()
endfunction()

find_plain_library(wslay wslay/wslay.h wslay)
find_plain_library(mbedtls mbedtls/ssl.h mbedtls mbedx509 mbedcrypto)
find_plain_library(http_parser http_parser.h http_parser)
find_plain_library(rapidjson_headers rapidjson/reader.h)
find_plain_library(cli11 CLI/CLI.hpp)
find_plain_library(hiredis hiredis/async.h hiredis)
