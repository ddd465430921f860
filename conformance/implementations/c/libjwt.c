/* Package libjwt, called: jwt_decode. It takes every HS algorithm; claims of time are left to its caller. */
#include "bearer.h"

#include <jwt.h>
#include <string.h>

const struct countersign_hello *countersign_hello(void)
{
    static const char *const schemes[] = {"jwt-hs256", NULL}, *const capabilities[] = {"clock", NULL};
    static const struct countersign_hello hello = {"libjwt", PACKAGE_VERSION, "c", schemes, capabilities};
    return &hello;
}

int countersign_verify(const struct countersign_request *request, struct countersign_answer *answer)
{
    jwt_t *jwt = NULL;
    const char *token = bearer(request);
    if (token == NULL) {
        strcpy(answer->detail, "no bearer token, or two");
        return COUNTERSIGN_REJECTED;
    }
    int failed = jwt_decode(&jwt, token, request->key.at, (int)request->key.length);
    if (failed != 0) {
        strncpy(answer->detail, strerror(failed), sizeof answer->detail - 1);
        return COUNTERSIGN_REJECTED;
    }
    jwt_free(jwt);
    return COUNTERSIGN_ACCEPTED;
}
