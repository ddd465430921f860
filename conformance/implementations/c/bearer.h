/* The token of an Authorization header, for libraries that take the token alone; NULL if there is none. */
#ifndef BEARER_H
#define BEARER_H

#include "countersign_driver.h"

#include <strings.h>

static const char *bearer(const struct countersign_request *request)
{
    for (size_t at = 0; at < request->header_count; at++) {
        const struct countersign_octets *value = &request->headers[at].value;
        if (strcasecmp(request->headers[at].name, "Authorization") == 0)
            return value->length > 7 && strncasecmp((const char *)value->at, "Bearer ", 7) == 0
                ? (const char *)value->at + 7 : NULL;
    }
    return NULL;
}

#endif
