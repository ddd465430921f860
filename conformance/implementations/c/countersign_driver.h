/* What a shared library gives to countersign_driver, so that it can be asked in Countersign's line protocol. Plain C, so that any
 * language with a C ABI can implement it. */
#ifndef COUNTERSIGN_DRIVER_H
#define COUNTERSIGN_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes. A zero that does not count follows them. */
struct countersign_bytes {
    const unsigned char *at;
    size_t length;
};

struct countersign_header {
    const char *name;
    struct countersign_bytes value;
};

struct countersign_constant {
    const char *name;
    const char *value;
};

/* A request, as an HTTP server hands it on. It is gone when countersign_verify returns. */
struct countersign_request {
    const char *scheme;
    struct countersign_bytes key; /* the secret as the sender is given it */
    int64_t now;                   /* the time at which it arrives, in seconds since 1970 */
    const char *origin;
    const char *key_id;
    const struct countersign_constant *constants;
    size_t constant_count;
    struct countersign_bytes method;
    struct countersign_bytes target;
    const struct countersign_header *headers;
    size_t header_count;
    struct countersign_bytes body;
};

/* Texts that an answer may hold, each ended by a zero; both are empty before the call. A byte above 127 is written as the
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
    const char *version;             /* NULL where there is no package */
    const char *language;
    const char *const *schemes;      /* ended by NULL */
    const char *const *capabilities; /* ended by NULL; may be NULL. `timing` is added */
};

/* For `countersign timing --taint`: mark the tag as secret as soon as it is computed, and the result of the comparison as public
 * right behind it. Valgrind's memcheck then names each line at which a branch or an address depends on the tag. Outside valgrind
 * both do nothing. A request to valgrind is a row of instructions that change nothing, and which no compiler writes; its numbers
 * and arguments are those of valgrind.h and memcheck.h. */
static inline uintptr_t countersign_valgrind(uintptr_t number, const void *one, const void *two, uintptr_t three)
{
    volatile uintptr_t arguments[6] = {number, (uintptr_t)one, (uintptr_t)two, three, 0, 0};
#if defined(__x86_64__) && defined(__GNUC__)
    uintptr_t answer = 0;
    __asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi; xchgq %%rbx, %%rbx"
                     : "+d"(answer)
                     : "a"(arguments)
                     : "cc", "memory");
    return answer;
#elif defined(__aarch64__) && defined(__GNUC__)
    register uintptr_t answer __asm__("x3") = 0;
    register volatile uintptr_t *given __asm__("x4") = arguments;
    __asm__ volatile("ror x12, x12, #3; ror x12, x12, #13; ror x12, x12, #51; ror x12, x12, #61; orr x10, x10, x10"
                     : "+r"(answer)
                     : "r"(given)
                     : "cc", "memory");
    return answer;
#else
    (void)arguments;
    return 0;
#endif
}

static inline void countersign_print(const char *text)
{
    uintptr_t none[4] = {0, 0, 0, 0}; /* a list of arguments that nothing in the text asks for */
    countersign_valgrind(0x1403, text, none, 0);
}

static inline void countersign_secret(void *bytes, size_t length)
{
    if (countersign_valgrind(0x4d430001, bytes, (const void *)length, 0) != 0)
        countersign_print("countersign: secret\n");
}

static inline void countersign_public(void *bytes, size_t length)
{
    int depends = 0;
    for (size_t at = 0; at < length; at++) {
        unsigned char bits = 0;
        uintptr_t known = countersign_valgrind(0x4d430008, (unsigned char *)bytes + at, &bits, 1);
        depends |= known == 1 && bits != 0;
    }
    countersign_valgrind(0x4d430002, bytes, (const void *)length, 0);
    if (depends)
        countersign_print("countersign: public\n");
}

/* Both are implemented by the shared library. */
const struct countersign_hello *countersign_hello(void);
int countersign_verify(const struct countersign_request *request, struct countersign_answer *answer);

#ifdef __cplusplus
}
#endif

#endif
