# heapwait for arm64, built on another machine:
#
#   cmake -S . -B build/arm64 -G Ninja -DCMAKE_TOOLCHAIN_FILE=cmake/arm64.cmake && cmake --build build/arm64
#
# It needs Debian's gcc-aarch64-linux-gnu.  arm64's own libraries are fetched once, by the
# apt of this machine but beside it (sysroot.sh), into HEAPWAIT_SYSROOT: no root is needed and nothing is installed.
# The programs of the guests in tests/vm come along.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(HEAPWAIT_SYSROOT ${CMAKE_BINARY_DIR}/sysroot CACHE PATH "where arm64's libraries and compilers are put")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES HEAPWAIT_SYSROOT)

execute_process(
    COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/sysroot.sh arm64 ${HEAPWAIT_SYSROOT} libc6-dev libbpf-dev libelf-dev libdw-dev liblzma-dev
            libsqlite3-dev systemtap-sdt-dev libiberty-dev libcmocka-dev musl-dev libjemalloc-dev libmimalloc-dev
            libgoogle-perftools-dev libc6-dbg busybox-static sqlite3 strace bpftrace linux-perf
    OUTPUT_VARIABLE reason OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
if(failed)
    message(FATAL_ERROR "arm64's libraries: ${reason}")
endif()

set(CMAKE_C_COMPILER ${HEAPWAIT_SYSROOT}/bin/aarch64-linux-gnu-gcc)
set(CMAKE_FIND_ROOT_PATH ${HEAPWAIT_SYSROOT}/root)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(ENV{PKG_CONFIG_LIBDIR} ${HEAPWAIT_SYSROOT}/root/usr/lib/aarch64-linux-gnu/pkgconfig:${HEAPWAIT_SYSROOT}/root/usr/share/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${HEAPWAIT_SYSROOT}/root)

# The variants' compilers (Variants.cmake).
set(HEAPWAIT_VARIANT_CC ${CMAKE_C_COMPILER} CACHE STRING "")
set(HEAPWAIT_VARIANT_MUSL_CC ${HEAPWAIT_SYSROOT}/bin/aarch64-linux-musl-gcc CACHE STRING "")
set(HEAPWAIT_VARIANT_ROOT ${HEAPWAIT_SYSROOT}/root CACHE PATH "")
