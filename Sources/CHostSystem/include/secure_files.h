#ifndef TOOLBOX_SECURE_FILES_H
#define TOOLBOX_SECURE_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What tells a file from every other one, and what may not change when it moves. */
struct toolbox_place {
  uint64_t device;
  uint64_t inode;
  /* The number of the mount that it is seen through; 0 where the kernel does not tell (before Linux 5.8). */
  uint64_t mount;
  int64_t size;
  uint32_t mode;
  uint32_t user;
  uint32_t group;
  uint32_t links;
  /* Whether the kernel encrypts it (fscrypt). */
  int encrypted;
};

/* Looks at a name in a directory, never through a symbolic link; at the directory itself with an empty name. Returns 0, or -1
   with errno. */
int toolbox_look(int directory, const char *name, struct toolbox_place *place);

/* renameat2(2) with RENAME_NOREPLACE: what has the new name already is never replaced. Returns 0, or -1 with errno. */
int toolbox_rename_exclusive(int from, const char *name, int to, const char *new_name);

/* Takes the write lock of a whole file as lckpwdf(3) does, for this open file and not for the process. Returns 0; or -1 with
   errno, EAGAIN with the id of the process that holds it in `holder` (0 when it cannot be told). */
int toolbox_lock_file(int descriptor, int *holder);

/* Gives one file the extended attributes of another: its access control list, its security label. Returns 0, or -1 with
   errno. */
int toolbox_copy_attributes(int from, int to);

/* Random bytes from the kernel. Returns 0, or -1 with errno. */
int toolbox_random(void *buffer, size_t size);

/* Hashes a password with the system's libcrypt, which is opened for it. `prefix` names the method ("$y$"). Writes at most
   `size` bytes, a NUL behind the hash. Returns 0; -1 when there is no libcrypt; -2 when it does not know the method. */
int toolbox_hash_password(const char *password, const char *prefix, char *hash, size_t size);

#endif
