#ifndef TOOLBOX_PERF_EVENT_H
#define TOOLBOX_PERF_EVENT_H

#include <stdint.h>

/* What an event is opened for. Everything that is 0 is not asked for. */
struct toolbox_perf_event {
  /* perf_event_attr's type and config. */
  uint32_t type;
  uint64_t config;
  /* Count user code alone. */
  int user_only;
  /* Sample with the stack of the last branches. */
  int branches;
  /* The precision that sampling is asked for, 0 to 3 (the p of an event's name). */
  int precision;
};

/* Opens an event and closes it at once; nothing is counted. `pid` and `cpu` as for perf_event_open(2). Where `cgroup` is not
   negative it is the descriptor of a control group's directory, and `pid` is not looked at.
   Returns 0, or the error number. */
int toolbox_perf_try(const struct toolbox_perf_event *event, int pid, int cpu, int cgroup);

/* Whether the kernel lets map the pages of a sampling buffer: 2 to the power of `order` pages of data.
   Returns 0, or the error number of opening or of mapping. */
int toolbox_perf_try_buffer(int order);

/* A tracefs that is mounted nowhere: nobody sees it, and it is gone with the descriptor. Needs CAP_SYS_ADMIN and Linux 5.2.
   Returns a descriptor of its root directory, or -1 with errno. */
int toolbox_open_detached_tracefs(void);

/* The soft limits of the process, in bytes of locked memory and in open files; -1 for none. The Swift importer cannot name
   resources of getrlimit(2) that are macros. */
int64_t toolbox_locked_memory_limit(void);
int64_t toolbox_open_files_limit(void);

/* Whether a program runs with rights of its own: capabilities of its file, or the set-user-id bit of root. */
int toolbox_has_own_rights(const char *path);

#endif
