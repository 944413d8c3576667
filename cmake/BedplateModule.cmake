# SPDX-License-Identifier: GPL-3.0-or-later
# What every library, program and test of this project has in common.

add_library(bedplate_options INTERFACE)
target_compile_options(bedplate_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
    # A designated initializer leaves the other members at their defaults on purpose.
    -Wno-missing-field-initializers
    "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")
target_compile_definitions(bedplate_options INTERFACE BEDPLATE_VERSION="${PROJECT_VERSION}")
if(BEDPLATE_SANITIZE)
    target_compile_options(bedplate_options INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer)
    target_link_options(bedplate_options INTERFACE -fsanitize=address,undefined)
endif()

# The common headers, compiled once and used by every target with the same options.
file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/common.cpp" CONTENT "// An anchor for the precompiled header.\n")
add_library(bedplate_common OBJECT "${CMAKE_BINARY_DIR}/common.cpp")
target_link_libraries(bedplate_common PRIVATE bedplate_options nlohmann_json::nlohmann_json)
target_precompile_headers(bedplate_common PRIVATE "${CMAKE_SOURCE_DIR}/cmake/common.hpp")

# The parser of command lines, compiled once and not in every verb.
add_library(bedplate_arguments STATIC "${CMAKE_SOURCE_DIR}/cmake/arguments.cpp")
target_compile_definitions(bedplate_arguments PUBLIC CLI11_COMPILE)
target_link_libraries(bedplate_arguments PUBLIC CLI11::CLI11)

# bedplate_module(NAME [LINKS module...] [PRIVATE library...])
# A static library bedplate_NAME from the .cpp files of the current folder. LINKS are the modules below it, in the
# one-way order of docs/overview.md; PRIVATE are third-party libraries that nobody above gets to see.
function(bedplate_module name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINKS;PRIVATE")
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
    add_library(bedplate_${name} STATIC ${sources})
    target_include_directories(bedplate_${name} PUBLIC "${CMAKE_SOURCE_DIR}/installer" "${CMAKE_SOURCE_DIR}")
    target_link_libraries(bedplate_${name} PUBLIC ${arg_LINKS} PRIVATE bedplate_options ${arg_PRIVATE})
    target_precompile_headers(bedplate_${name} REUSE_FROM bedplate_common)
endfunction()

# bedplate_test_code(TARGET): a program or library of tests. It runs for moments and is compiled every time, so it is not
# optimised, and has Catch2 among its common headers.
function(bedplate_test_code target)
    if(NOT TARGET bedplate_test_common)
        file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/test_common.cpp" CONTENT "// An anchor for the precompiled header.\n")
        add_library(bedplate_test_common OBJECT "${CMAKE_BINARY_DIR}/test_common.cpp")
        target_compile_options(bedplate_test_common PRIVATE -O0)
        target_link_libraries(bedplate_test_common PRIVATE bedplate_options nlohmann_json::nlohmann_json Catch2::Catch2)
        target_precompile_headers(bedplate_test_common PRIVATE "${CMAKE_SOURCE_DIR}/cmake/common.hpp"
            <catch2/catch_test_macros.hpp>)
    endif()
    target_include_directories(${target} PRIVATE "${CMAKE_SOURCE_DIR}/installer" "${CMAKE_SOURCE_DIR}")
    target_compile_options(${target} PRIVATE -O0)
    target_link_libraries(${target} PRIVATE bedplate_options nlohmann_json::nlohmann_json Catch2::Catch2)
    target_precompile_headers(${target} REUSE_FROM bedplate_test_common)
endfunction()

# bedplate_test(NAME [LINKS module...] [LABELS label...])
# A Catch2 program test_NAME from the *_test.cpp files of the current folder, run as one ctest entry.
function(bedplate_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINKS;LABELS")
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
    add_executable(test_${name} ${sources})
    target_compile_definitions(test_${name} PRIVATE BEDPLATE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_link_libraries(test_${name} PRIVATE ${arg_LINKS} Catch2::Catch2WithMain)
    bedplate_test_code(test_${name})
    add_test(NAME ${name} COMMAND test_${name} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
    if(arg_LABELS)
        set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}")
    endif()
endfunction()
