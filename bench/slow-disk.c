/* Put before the C library by LD_PRELOAD: every flush of the disk takes SLOW_FLUSH_MS longer. Read by bench/slow-disk.ts. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int slowly(const char *name, int fd) {
  int (*flush)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  const char *ms = getenv("SLOW_FLUSH_MS");
  int result = flush(fd);
  usleep((ms ? atoi(ms) : 0) * 1000);
  return result;
}

int fsync(int fd) { return slowly("fsync", fd); }
int fdatasync(int fd) { return slowly("fdatasync", fd); }
