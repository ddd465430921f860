/* What a shared library gives to countersign_driver, so that it can be asked in Countersign's line protocol. Plain C, so that any
 * language with a C ABI can implement it. */
#ifndef COUNTERSIGN_DRIVER_H
#define COUNTERSIGN_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Octets. A zero that does not count stands behind them. */
struct countersign_octets {
    const unsigned char *at;
    size_t length;
};

struct countersign_header {
    const char *name;
    struct countersign_octets value;
};

struct countersign_constant {
    const char *name;
    const char *value;
};

/* A request, as an HTTP server hands it on. It is gone when countersign_verify returns. */
struct countersign_request {
    const char *scheme;
    struct countersign_octets key; /* the secret as its sender shows it */
    int64_t now;                   /* the time at which it arrives, in seconds since 1970 */
    const char *origin;
    const char *key_id;
    const struct countersign_constant *constants;
    size_t constant_count;
    struct countersign_octets method;
    struct countersign_octets target;
    const struct countersign_header *headers;
    size_t header_count;
    struct countersign_octets body;
};

/* Texts that an answer may hold, each ended by a zero; both are empty before the call. An octet above 127 is written as the
 * character of that number. */
struct countersign_answer {
    char type[64];    /* of an error; "error" if empty */
    char detail[512]; /* the library's own text, or why it cannot be asked */
};

enum {
    COUNTERSIGN_ACCEPTED = 0,
    COUNTERSIGN_REJECTED = 1,
    COUNTERSIGN_ERROR = 2,
    COUNTERSIGN_UNSUPPORTED = 3
};

struct countersign_hello {
    const char *name;
    const char *version;
    const char *language;
    const char *const *schemes;      /* ended by NULL */
    const char *const *capabilities; /* ended by NULL; may be NULL. `timing` is added */
};

/* Both are implemented by the shared library. */
const struct countersign_hello *countersign_hello(void);
int countersign_verify(const struct countersign_request *request, struct countersign_answer *answer);

#ifdef __cplusplus
}
#endif

#endif
