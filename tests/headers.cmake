# The target `headers`, part of no other: a source per header that includes nothing else, so that a header that leans on
# what its includers happen to include first is found before a file is moved or a library brings less along.
file(GLOB_RECURSE headers RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/src/*.h ${CMAKE_SOURCE_DIR}/tests/support/*.h ${CMAKE_SOURCE_DIR}/tests/unit/*.h
  ${CMAKE_SOURCE_DIR}/bench/load/*.h)

set(alone)
foreach(header ${headers})
  set(source ${CMAKE_BINARY_DIR}/headers/${header}.cc)
  # Twice: it also has to guard itself.
  file(GENERATE OUTPUT ${source} CONTENT "#include \"${header}\"\n#include \"${header}\"\n")
  list(APPEND alone ${source})
endforeach()

add_library(headers OBJECT EXCLUDE_FROM_ALL ${alone})
target_include_directories(headers PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/tests ${CMAKE_SOURCE_DIR}/bench)
target_compile_definitions(headers PRIVATE MATCHBUS_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
# Nobody runs it: what the sources do not ask for only takes time.
target_compile_options(headers PRIVATE -O0 -g0)
target_link_libraries(headers PRIVATE matchbus_app GTest::gmock GTest::gtest)
