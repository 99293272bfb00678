#define _GNU_SOURCE
#include "perf_event.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Numbers of <linux/mount.h>, which older C libraries lack; they are the same on every architecture. */
#define TOOLBOX_FSOPEN_CLOEXEC 1
#define TOOLBOX_FSCONFIG_CMD_CREATE 6
#define TOOLBOX_FSMOUNT_CLOEXEC 1
#define TOOLBOX_MOUNT_ATTR_RDONLY 1
#ifndef SYS_fsopen
#define SYS_fsopen 430
#endif
#ifndef SYS_fsconfig
#define SYS_fsconfig 431
#endif
#ifndef SYS_fsmount
#define SYS_fsmount 432
#endif

static int open_event(const struct toolbox_perf_event *event, int pid, int cpu, int cgroup) {
  struct perf_event_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.size = sizeof attributes;
  attributes.type = event->type;
  attributes.config = event->config;
  attributes.disabled = 1;
  attributes.exclude_kernel = event->user_only != 0;
  attributes.exclude_hv = event->user_only != 0;
  attributes.precise_ip = (unsigned)event->precision & 3;
  if (event->branches || event->precision) {
    attributes.sample_period = 1000000;
    attributes.sample_type = PERF_SAMPLE_IP;
  }
  if (event->branches) {
    attributes.sample_type |= PERF_SAMPLE_BRANCH_STACK;
    attributes.branch_sample_type = PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_ANY;
  }
  unsigned long flags = PERF_FLAG_FD_CLOEXEC;
  if (cgroup >= 0) {
    flags |= PERF_FLAG_PID_CGROUP;
    pid = cgroup;
  }
  return (int)syscall(SYS_perf_event_open, &attributes, pid, cpu, -1, flags);
}

int toolbox_perf_try(const struct toolbox_perf_event *event, int pid, int cpu, int cgroup) {
  int descriptor = open_event(event, pid, cpu, cgroup);
  if (descriptor < 0) return errno;
  close(descriptor);
  return 0;
}

int toolbox_perf_try_buffer(int order) {
  struct toolbox_perf_event event = {.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_TASK_CLOCK, .user_only = 1};
  int descriptor = open_event(&event, 0, -1, -1);
  if (descriptor < 0) return errno;
  size_t size = ((size_t)1 + ((size_t)1 << order)) * (size_t)sysconf(_SC_PAGESIZE);
  void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  int code = pages == MAP_FAILED ? errno : 0;
  if (pages != MAP_FAILED) munmap(pages, size);
  close(descriptor);
  return code;
}

int toolbox_open_detached_tracefs(void) {
  int context = (int)syscall(SYS_fsopen, "tracefs", TOOLBOX_FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  int mount = -1;
  if (syscall(SYS_fsconfig, context, TOOLBOX_FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) {
    mount = (int)syscall(SYS_fsmount, context, TOOLBOX_FSMOUNT_CLOEXEC, TOOLBOX_MOUNT_ATTR_RDONLY);
  }
  int code = errno;
  close(context);
  errno = code;
  return mount;
}

static int64_t soft_limit(int resource) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > INT64_MAX) return -1;
  return (int64_t)limit.rlim_cur;
}

int64_t toolbox_locked_memory_limit(void) { return soft_limit(RLIMIT_MEMLOCK); }

int64_t toolbox_open_files_limit(void) { return soft_limit(RLIMIT_NOFILE); }

int toolbox_has_own_rights(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0) return 0;
  if ((status.st_mode & S_ISUID) != 0 && status.st_uid == 0) return 1;
  return getxattr(path, "security.capability", NULL, 0) > 0;
}
