# The variants: one source, one executable per row, build/workload/passwords-NAME.  The order here is the order
# of presentation everywhere.  How a row becomes an executable is cmake/Variants.cmake's matter.
#
#   libc       glibc (the system's compiler), musl (musl-gcc), musl-oldmalloc (a musl of our own, from source)
#   linkage    dynamic or static
#   allocator  own: the libc's.  jemalloc, mimalloc, tcmalloc: linked before the libc; the system's library
#              when dynamic, our own build when static
#
#                  name            libc            linkage  allocator
heapwait_variant(  glibc           glibc           dynamic  own       ) # the post's default build
heapwait_variant(  musl            musl            static   own       ) # the post's slow build
heapwait_variant(  musl+jemalloc   musl            static   jemalloc  ) # the post's first cure
heapwait_variant(  musl+mimalloc   musl            static   mimalloc  ) # the post's second cure
heapwait_variant(  glibc-static    glibc           static   own       ) # tells linkage from libc
heapwait_variant(  musl-dynamic    musl            dynamic  own       )
heapwait_variant(  musl-oldmalloc  musl-oldmalloc  static   own       ) # Rust's musl target before 1.71
heapwait_variant(  glibc+jemalloc  glibc           dynamic  jemalloc  )
heapwait_variant(  glibc+mimalloc  glibc           dynamic  mimalloc  )
heapwait_variant(  glibc+tcmalloc  glibc           dynamic  tcmalloc  )
