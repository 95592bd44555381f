# Flags that make a fault in memory end the process instead of serving whoever found it (MATCHBUS_HARDEN). Only what the
# compiler knows, and what costs next to nothing; tests/check_hardening looks at the built programs.
include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)

function(harden_compiler)
  foreach(flag ${ARGN})
    string(MAKE_C_IDENTIFIER "has${flag}" known)
    check_cxx_compiler_flag(${flag} ${known})
    if(${known})
      add_compile_options(${flag})
    endif()
  endforeach()
endfunction()

macro(harden_all)
  harden_compiler(-fstack-protector-strong -fstack-clash-protection)
  # Jumps land on marked places only, and returns where the call came from, on processors and systems that see to it.
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|i.86")
    harden_compiler(-fcf-protection=full)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    harden_compiler(-mbranch-protection=standard)
  endif()
  # Indices, iterators and views of the standard library are checked.
  add_compile_definitions(_GLIBCXX_ASSERTIONS)

  # The C library's calls know how large their buffers are. They have to be inlined for that, and sanitizers, which look
  # at the same calls, must not find them gone.
  if(NOT MATCHBUS_SANITIZE AND NOT MATCHBUS_FUZZ AND NOT MATCHBUS_COVERAGE)
    set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
    check_cxx_source_compiles("#include <cstring>\nint main() { return 0; }" has_fortify_3)
    unset(CMAKE_REQUIRED_FLAGS)
    set(fortify $<IF:$<BOOL:${has_fortify_3}>,3,2>)
    add_compile_options($<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=${fortify}>)
  endif()

  # The program lies elsewhere at each start; addresses of functions are found once, and read-only from then on.
  set(is_program $<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>)
  if(NOT CMAKE_EXE_LINKER_FLAGS MATCHES "-static")
    add_compile_options($<$<NOT:$<STREQUAL:$<TARGET_PROPERTY:TYPE>,MODULE_LIBRARY>>:-fPIE>)
    add_link_options($<${is_program}:-pie>)
  endif()
  add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endmacro()
