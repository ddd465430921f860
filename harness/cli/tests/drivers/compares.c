/* A GitHub verification that compares in the way that WAY names. With UNMARKED it marks nothing as secret, with BESIDE what is not
 * compared any more. */
#include "countersign_driver.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { LENGTH = 71 };

/* Ends at the first difference. */
static int character_by_character(const unsigned char *given, const unsigned char *wanted)
{
    for (size_t at = 0; at < LENGTH; at++) {
        if (given[at] != wanted[at]) /* the branch */
            return 1;
    }
    return 0;
}

static int in_constant_time(const unsigned char *given, const unsigned char *wanted)
{
    volatile unsigned char difference = 0;
    for (size_t at = 0; at < LENGTH; at++)
        difference |= given[at] ^ wanted[at];
    return difference;
}

static int by_library(const unsigned char *given, const unsigned char *wanted)
{
    return memcmp(given, wanted, LENGTH); /* the call */
}

/* Looks at every character, and counts. */
static int by_counting(const unsigned char *given, const unsigned char *wanted)
{
    volatile int wrong = 0;
    for (size_t at = 0; at < LENGTH; at++) {
        if (given[at] != wanted[at])
            wrong++;
    }
    return wrong;
}

/* Takes other instructions in every process. */
static int restlessly(const unsigned char *given, const unsigned char *wanted)
{
    volatile int rounds = getpid() % 1000;
    while (rounds > 0)
        rounds--;
    return in_constant_time(given, wanted);
}

const struct countersign_hello *countersign_hello(void)
{
    static const char *const schemes[] = {"github", NULL}, *const capabilities[] = {"clock", NULL};
    static const struct countersign_hello hello = {"compares.c", "1", "c", schemes, capabilities};
    return &hello;
}

int countersign_verify(const struct countersign_request *request, struct countersign_answer *answer)
{
    static int (*const others[])(const unsigned char *, const unsigned char *) = {
        character_by_character, in_constant_time, by_library, by_counting, restlessly};
    const struct countersign_bytes *given = NULL;
    unsigned char digest[EVP_MAX_MD_SIZE];
    char wanted[LENGTH + 1] = "sha256=";
    (void)answer;
    (void)others;
    for (size_t at = 0; at < request->header_count; at++) {
        if (strcasecmp(request->headers[at].name, "X-Hub-Signature-256") == 0)
            given = &request->headers[at].value;
    }
    if (given == NULL || given->length != LENGTH)
        return COUNTERSIGN_REJECTED;
    HMAC(EVP_sha256(), request->key.at, (int)request->key.length, request->body.at, request->body.length, digest, NULL);
    for (int at = 0; at < 32; at++)
        sprintf(wanted + 7 + 2 * at, "%02x", digest[at]);
#if defined(BESIDE)
    countersign_secret(digest, 32);
#elif !defined(UNMARKED)
    countersign_secret(wanted + 7, LENGTH - 7);
#endif
    int difference = WAY(given->at, (const unsigned char *)wanted);
#if !defined(UNMARKED)
    countersign_public(&difference, sizeof difference);
#endif
    return difference == 0 ? COUNTERSIGN_ACCEPTED : COUNTERSIGN_REJECTED;
}
