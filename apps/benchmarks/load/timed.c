// Runs a program once for each line of standard input and prints what it cost, from wait4(2): processor time of all its
// threads, user and system, start-up included.
//
// timed PROGRAM ARGUMENT...: its standard output goes to /dev/null; its standard error is shown when it fails.
#include "common.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { ERROR_BYTES = 4096 };

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static int64_t nanoseconds(struct timeval time) { return time.tv_sec * INT64_C(1000000000) + time.tv_usec * INT64_C(1000); }

static void run(char **command) {
  FILE *errors = tmpfile();
  if (!errors) fail("tmpfile: %s", strerror(errno));
  int64_t start = now();
  pid_t child = checked(fork(), "fork");
  if (child == 0) {
    // The program must not outlive a benchmark that is ended.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(checked(open("/dev/null", O_RDWR), "open"), STDIN_FILENO);
    dup2(checked(open("/dev/null", O_WRONLY), "open"), STDOUT_FILENO);
    dup2(fileno(errors), STDERR_FILENO);
    execvp(command[0], command);
    fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
    _exit(127);
  }
  int status;
  struct rusage usage;
  checked(wait4(child, &status, 0, &usage), "wait4");
  int64_t wall = now() - start;
  if (status != 0) {
    char text[ERROR_BYTES];
    rewind(errors);
    size_t length = fread(text, 1, sizeof text - 1, errors);
    text[length] = 0;
    fail("%s", length > 0 ? text : command[0]);
  }
  fclose(errors);
  printf("{\"wall\":%lld,\"processor\":%lld,\"memory\":%ld}\n", (long long)wall,
         (long long)(nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime)), usage.ru_maxrss * 1024);
  fflush(stdout);
}

int main(int count, char **arguments) {
  if (count < 2) fail("usage: timed PROGRAM ARGUMENT...");
  char line[16];
  while (fgets(line, sizeof line, stdin)) run(arguments + 1);
  return 0;
}
