#ifndef TOOLBOX_HOST_SYSTEM_H
#define TOOLBOX_HOST_SYSTEM_H

#include <stddef.h>
#include <sys/types.h>

/* Opens a path below the directory descriptor as if that directory were the root of the file system: absolute symbolic
   links and ".." cannot leave it. Returns a descriptor, or -1 with errno; ENOSYS where the kernel has no openat2(2)
   (before Linux 5.6). `path` must not begin with a slash. */
int toolbox_open_in_root(int directory, const char *path, int flags);

/* The arguments of the process, as the C library handed them over. The Swift runtime reads /proc/self/cmdline for them, which
   is not there in a bare chroot. */
int toolbox_argument_count(void);
const char *toolbox_argument(int index);

/* open(2)'s O_PATH, which the C library shows to GNU programs only. */
extern const int toolbox_O_PATH;

/* The calling thread's real ioctl(TIOCGWINSZ) on a descriptor: columns, or 0 when it is no terminal. */
int toolbox_terminal_columns(int descriptor);

/* getdents64(2), which the C library shows to GNU programs only: entries of a directory as the kernel has them. Returns
   the number of bytes, 0 at the end, or -1 with errno. */
ssize_t toolbox_read_entries(int directory, void *buffer, size_t size);

/* memmem(3), which the C library shows to GNU programs only. */
const void *toolbox_find_bytes(const void *bytes, size_t size, const void *wanted, size_t wanted_size);

/* Has the C library's allocator map every block of this size or more by itself, so that the system gets it back when it is
   freed: mallopt(3)'s M_MMAP_THRESHOLD. Changes nothing where the library has no such setting. */
void toolbox_map_blocks_from(size_t size);

/* Replaces this process by another program, which starts as if a shell had started it: SIGPIPE ends it, and no signal is
   blocked (the runtime's own threads block some). Everything that is buffered is written first. `arguments` begin with the
   program's own name and end with NULL. Returns only where that fails: the error number. */
int toolbox_become(const char *path, char *const arguments[]);

#endif
