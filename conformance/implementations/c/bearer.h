/* The token of an Authorization header, for libraries that take the token alone; NULL if there is none, or more than one line. */
#ifndef BEARER_H
#define BEARER_H

#include "countersign_driver.h"

#include <strings.h>

static const char *bearer(const struct countersign_request *request)
{
    const struct countersign_bytes *found = NULL;
    for (size_t at = 0; at < request->header_count; at++) {
        if (strcasecmp(request->headers[at].name, "Authorization") != 0)
            continue;
        if (found != NULL)
            return NULL;
        found = &request->headers[at].value;
    }
    if (found == NULL || found->length <= 7 || strncasecmp((const char *)found->at, "Bearer ", 7) != 0)
        return NULL;
    return (const char *)found->at + 7;
}

#endif
