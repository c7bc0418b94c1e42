# How every target of the tree is built: language level, warnings, sanitizers, where results go.
#   sotto_library(NAME SOURCES a.cpp ... [PUBLIC libs] [PRIVATE libs])
#   sotto_program(NAME SOURCES main.cpp ... LIBS libs)
#   sotto_test(NAME SOURCES a_test.cpp ... LIBS libs [TIMEOUT seconds] [LABELS l])   # GoogleTest, one ctest entry a test

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(SOTTO_CCACHE ccache)
if(SOTTO_CCACHE)
  # Paths relative to the tree, so that a second checkout finds what the first one compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${SOTTO_CCACHE})
endif()

add_library(sotto_options INTERFACE)
target_include_directories(sotto_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(sotto_options INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  -ffunction-sections -fdata-sections)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside its own headers and Boost's at -O2 (GCC bugs 105562, 105329, 107138).
  target_compile_options(sotto_options INTERFACE -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow
    -Wno-array-bounds -Wno-dangling-pointer)
endif()
if(SOTTO_WARNINGS_AS_ERRORS)
  target_compile_options(sotto_options INTERFACE -Werror)
endif()
# Bound at start, tables read-only from then on. A call that is bound when it is first made saves the vector
# registers on the stack, with whatever secret was copied through them last.
target_link_options(sotto_options INTERFACE -Wl,--gc-sections -Wl,-z,relro,-z,now)

if(SOTTO_SANITIZE STREQUAL "address")
  target_compile_options(sotto_options INTERFACE -fsanitize=address,undefined -fno-sanitize=function,vptr
    -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g1)
  target_link_options(sotto_options INTERFACE -fsanitize=address,undefined)
elseif(SOTTO_SANITIZE STREQUAL "thread")
  target_compile_options(sotto_options INTERFACE -fsanitize=thread -fno-omit-frame-pointer -O1 -g1)
  target_link_options(sotto_options INTERFACE -fsanitize=thread)
elseif(NOT SOTTO_SANITIZE STREQUAL "")
  message(FATAL_ERROR "SOTTO_SANITIZE is '${SOTTO_SANITIZE}'; it is address, thread or empty")
endif()

if(SOTTO_FUZZ)
  # What the fuzzers are steered by: which code an input reached, in the libraries too.
  target_compile_options(sotto_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

function(sotto_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC ${arg_PUBLIC} PRIVATE sotto_options ${arg_PRIVATE})
  target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>)
endfunction()

function(sotto_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE sotto_options ${arg_LIBS})
endfunction()

function(sotto_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT SOTTO_BUILD_TESTS)
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120) # a hung test must end well before the whole run does, sanitizers included
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE sotto_options ${arg_LIBS} GTest::gmock GTest::gtest GTest::gtest_main)
  set(properties TIMEOUT ${arg_TIMEOUT})
  if(arg_LABELS)
    list(APPEND properties LABELS ${arg_LABELS})
  endif()
  # As our programs are linked, so the libraries below them: see the link options above, and secrets_test.cpp.
  list(APPEND properties ENVIRONMENT LD_BIND_NOW=1)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES ${properties})
endfunction()
