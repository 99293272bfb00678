#ifndef TOOLBOX_PROCESSES_H
#define TOOLBOX_PROCESSES_H

#include <stddef.h>
#include <sys/types.h>

/* A program to start as posix_spawn(3) does. It has no descriptors but its first three, blocks no signal, and dies of SIGPIPE. */
struct toolbox_spawn {
  /* Taken as it is: PATH is not looked at. */
  const char *path;
  /* Ends with NULL; the first is the name that the program sees itself called by. */
  char *const *arguments;
  /* Ends with NULL; NULL hands on the environment of this process. */
  char *const *environment;
  /* What it has as standard input, output and error; -1 for /dev/null. */
  int input;
  int output;
  int errors;
  /* Not 0: in a session of its own, so that no terminal speaks to it and its children can be signalled with it. */
  int has_own_session;
};

/* Returns 0 with the id of the process, or an error number: also that of execve(2). */
int toolbox_start_program(const struct toolbox_spawn *start, pid_t *process);

/* A descriptor that poll(2) finds readable when a process has ended, closed in every other program. Returns -1 with errno:
   ENOSYS before Linux 5.3. */
int toolbox_process_handle(pid_t process);

/* Whether a process that was started here has ended; it can be waited for afterwards. */
int toolbox_has_ended(pid_t process);

/* A file in memory with that content, to be read from its beginning, closed in every other program. Returns a descriptor, or -1
   with errno. */
int toolbox_memory_file(const void *bytes, size_t size);

/* pipe2(2) with O_CLOEXEC, which the C library shows to GNU programs only: first the end to read from. Returns 0, or -1 with
   errno. */
int toolbox_pipe(int ends[2]);

#endif
