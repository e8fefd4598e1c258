# What every C target of heapwait shares.  Link it: target_link_libraries(X PRIVATE heapwait_settings).
# The workload does not use it: its programs are built by four different compilers.
set(CMAKE_EXPORT_COMPILE_COMMANDS ON) # clang-tidy reads them
option(HEAPWAIT_SANITIZE "build everything that runs in user space under ASan and UBSan" OFF)

option(HEAPWAIT_COVERAGE "have everything that runs in user space count its lines (gcc; see tests/sanitized_lines.sh)" OFF)

add_library(heapwait_settings INTERFACE)
target_compile_definitions(heapwait_settings INTERFACE _GNU_SOURCE)
target_include_directories(heapwait_settings INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(
    heapwait_settings
    INTERFACE -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wformat=2
              -Wvla -Wwrite-strings -fno-common -fstack-protector-strong)
if(HEAPWAIT_SANITIZE)
    target_compile_options(heapwait_settings INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                                                       -fno-omit-frame-pointer)
    target_link_options(heapwait_settings INTERFACE -fsanitize=address,undefined)
else()
    target_compile_definitions(heapwait_settings INTERFACE $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()
if(HEAPWAIT_COVERAGE)
    target_compile_options(heapwait_settings INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(heapwait_settings INTERFACE --coverage)
endif()
