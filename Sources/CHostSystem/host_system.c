#define _GNU_SOURCE
#include "host_system.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int argument_count;
static char **arguments;

/* Opens /dev/null at each of the three standard descriptors that is closed, in the direction that it is not used in: using it
   fails then as it would have, and no file that is opened later, a database for one, can take its number and receive the
   output. This has to come before the Swift runtime opens descriptors of its own. */
static void reserve_standard_descriptors(void) {
  for (int descriptor = 0; descriptor <= 2; descriptor++) {
    if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    if (open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) < 0) return;
  }
}

/* glibc and musl call constructors with the arguments of main; the lowest priority number comes first. */
__attribute__((constructor(101))) static void begin(int count, char **values) {
  argument_count = count;
  arguments = values;
  reserve_standard_descriptors();
  /* Who started us may have ignored it; then the kernel would drop the exit codes of what we start. */
  signal(SIGCHLD, SIG_DFL);
}

int toolbox_argument_count(void) { return argument_count; }

const char *toolbox_argument(int index) { return index >= 0 && index < argument_count ? arguments[index] : ""; }

const int toolbox_O_PATH = O_PATH;

int toolbox_open_in_root(int directory, const char *path, int flags) {
  struct open_how how;
  memset(&how, 0, sizeof how);
  how.flags = (unsigned long long)flags;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int toolbox_terminal_columns(int descriptor) {
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

ssize_t toolbox_read_entries(int directory, void *buffer, size_t size) {
  return syscall(SYS_getdents64, directory, buffer, size);
}

const void *toolbox_find_bytes(const void *bytes, size_t size, const void *wanted, size_t wanted_size) {
  return memmem(bytes, size, wanted, wanted_size);
}

void toolbox_map_blocks_from(size_t size) {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, (int)size);
#else
  (void)size;
#endif
}
