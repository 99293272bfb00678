#ifndef TOOLBOX_CONFINED_START_H
#define TOOLBOX_CONFINED_START_H

#include <stdint.h>
#include <sys/types.h>

/* A program to start on a terminal of its own, in namespaces of its own. */
struct toolbox_start {
  /* The directory that becomes its root; NULL for the present one. */
  const char *root;
  /* Who it runs as. */
  uint32_t user;
  uint32_t group;
  const uint32_t *groups;
  int group_count;
  /* arguments[0] is the path; both end with NULL. */
  char *const *arguments;
  char *const *environment;
};

/* Starts a program on a new pseudo-terminal, which becomes its controlling one. It sees mounts and processes of its own
   namespaces: /proc, and below another root a /dev with the usual devices. When the returned process dies, or this one does,
   everything that it started is killed with it, and its mounts are gone.

   Returns the id of a process that ends with the program's exit code (128 + n after death by signal n), for waitpid(2), and
   in `terminal` the descriptor of the pseudo-terminal's other end. Returns -1 with errno when no process could be made, and
   the name of what failed in `what`. A failure after that is the exit code 126 with a line on the terminal. */
pid_t toolbox_start_confined(const struct toolbox_start *start, int *terminal, const char **what);

/* Whether the program reads from the terminal without showing what is typed, as for a password. */
int toolbox_echo_is_off(int terminal);

/* A program to start without a terminal: its input is empty, its output goes to a descriptor. It runs as root. */
struct toolbox_logged_start {
  /* The directory that becomes its root; NULL for the present one. */
  const char *root;
  /* A program inside of the root that is shown there as /usr/sbin/policy-rc.d; NULL for none. */
  const char *policy;
  char *const *arguments;
  char *const *environment;
  /* Standard output and standard error. */
  int output;
  /* What it finds as descriptor 3; -1 for nothing. */
  int status;
};

/* Starts a program in a session of its own. Below another root it has mounts and processes of its own, as with
   toolbox_start_confined, and dies with this process; in the present root it lives on when this process is killed.

   Returns the id of a process that ends with the program's exit code, or -1 with errno. A failure after that is the exit code
   126 with a line in the output. */
pid_t toolbox_start_logged(const struct toolbox_logged_start *start);

#endif
