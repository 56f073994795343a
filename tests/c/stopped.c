/*
 * Preloaded into a program: its process gets a signal at one moment of the first file that it writes below a folder, and then time to
 * die of it.
 *
 * STOP_IN: the folder. STOP_AT: half (of the content is written), written, synced (before the file gets its name), placed.
 * STOP_BY: the signal's number.
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int is_over;

static int is_below(const char *path)
{
    const char *folder = getenv("STOP_IN");
    return folder != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_open_below(int file)
{
    char link[64], path[4096];
    ssize_t len;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    len = readlink(link, path, sizeof path - 1);
    if (len < 0)
        return 0;
    path[len] = '\0';
    return is_below(path);
}

static int is_time(const char *moment)
{
    const char *chosen = getenv("STOP_AT");
    return !is_over && chosen != NULL && strcmp(chosen, moment) == 0;
}

static void stop(void)
{
    const char *signal = getenv("STOP_BY");
    struct timespec left = { 0, 300 * 1000 * 1000 };
    is_over = 1;
    kill(getpid(), signal == NULL ? SIGKILL : atoi(signal));
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

ssize_t write(int file, const void *content, size_t len)
{
    ssize_t (*next)(int, const void *, size_t);
    ssize_t written;
    *(void **)&next = dlsym(RTLD_NEXT, "write");
    if (len < 2 || !is_time("half") || !is_open_below(file))
        return next(file, content, len);
    written = next(file, content, len / 2);
    stop();
    return written;
}

int fsync(int file)
{
    int (*next)(int);
    *(void **)&next = dlsym(RTLD_NEXT, "fsync");
    if (is_time("written") && is_open_below(file))
        stop();
    return next(file);
}

int rename(const char *from, const char *to)
{
    int (*next)(const char *, const char *), answer;
    *(void **)&next = dlsym(RTLD_NEXT, "rename");
    if (is_time("synced") && is_below(to))
        stop();
    answer = next(from, to);
    if (is_time("placed") && is_below(to))
        stop();
    return answer;
}
