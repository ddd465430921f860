/* Example: GitHub's header, verified with OpenSSL. */
#include "countersign_driver.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const struct countersign_hello *countersign_hello(void)
{
    static const char *const schemes[] = {"github", NULL}, *const capabilities[] = {"clock", NULL};
    static const struct countersign_hello hello = {"example", NULL, "c", schemes, capabilities};
    return &hello;
}

int countersign_verify(const struct countersign_request *request, struct countersign_answer *answer)
{
    const struct countersign_bytes *given = NULL;
    unsigned char digest[EVP_MAX_MD_SIZE];
    char wanted[7 + 64 + 1] = "sha256=";
    for (size_t at = 0; at < request->header_count; at++) {
        if (strcasecmp(request->headers[at].name, "X-Hub-Signature-256") != 0)
            continue;
        if (given != NULL) {
            strcpy(answer->detail, "two signatures");
            return COUNTERSIGN_REJECTED;
        }
        given = &request->headers[at].value;
    }
    HMAC(EVP_sha256(), request->key.at, (int)request->key.length, request->body.at, request->body.length, digest, NULL);
    for (int at = 0; at < 32; at++)
        sprintf(wanted + 7 + 2 * at, "%02x", digest[at]);
    if (given == NULL || given->length != 71)
        return COUNTERSIGN_REJECTED;
    countersign_secret(wanted + 7, 64);
    int difference = CRYPTO_memcmp(given->at, wanted, 71);
    countersign_public(&difference, sizeof difference);
    return difference == 0 ? COUNTERSIGN_ACCEPTED : COUNTERSIGN_REJECTED;
}
