/* Package cjose, called: cjose_jws_import and cjose_jws_verify. It takes every HS algorithm; claims of time are left to its
 * caller. */
#include "bearer.h"

#include <cjose/cjose.h>
#include <string.h>

const struct countersign_hello *countersign_hello(void)
{
    static const char *const schemes[] = {"jwt-hs256", NULL}, *const capabilities[] = {"clock", NULL};
    static struct countersign_hello hello = {"cjose", NULL, "c", schemes, capabilities};
    hello.version = cjose_version();
    return &hello;
}

int countersign_verify(const struct countersign_request *request, struct countersign_answer *answer)
{
    cjose_err error = {.message = ""};
    cjose_jws_t *jws = NULL;
    const char *token = bearer(request);
    if (token == NULL) {
        strcpy(answer->detail, "no bearer token, or two");
        return COUNTERSIGN_REJECTED;
    }
    cjose_jwk_t *key = cjose_jwk_create_oct_spec(request->key.at, request->key.length, &error);
    if (key == NULL) {
        strncpy(answer->detail, error.message, sizeof answer->detail - 1);
        return COUNTERSIGN_UNSUPPORTED;
    }
    jws = cjose_jws_import(token, strlen(token), &error);
    int genuine = jws != NULL && cjose_jws_verify(jws, key, &error);
    if (!genuine && error.message != NULL)
        strncpy(answer->detail, error.message, sizeof answer->detail - 1);
    if (jws != NULL)
        cjose_jws_release(jws);
    cjose_jwk_release(key);
    return genuine ? COUNTERSIGN_ACCEPTED : COUNTERSIGN_REJECTED;
}
