/* Speaks Countersign's line protocol (conformance/PROTOCOL.md) for a shared library that implements countersign_driver.h:
 *
 *     countersign_driver ./library.so
 *
 * Texts and bytes are decoded in place, in the buffer of the line; a decoded value is never longer than its source. */
#include "countersign_driver.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST_LINE = 1 << 20, DEEPEST = 16 };

struct reader {
    unsigned char *at;
    unsigned char *end; /* there is a zero here */
};

/* What the driver cannot read is not a fault of the library: the driver says so and exits. */
static void stop(const char *what)
{
    fprintf(stderr, "countersign_driver: %s\n", what);
    exit(2);
}

/* Reading JSON */

static void blanks(struct reader *in)
{
    while (*in->at == ' ' || *in->at == '\t' || *in->at == '\r' || *in->at == '\n')
        in->at++;
}

static bool skip(struct reader *in, unsigned char wanted)
{
    blanks(in);
    if (in->at >= in->end || *in->at != wanted)
        return false;
    in->at++;
    return true;
}

static void expect(struct reader *in, unsigned char wanted)
{
    if (!skip(in, wanted))
        stop("the line is not JSON of the protocol");
}

static unsigned int hex4(struct reader *in)
{
    unsigned int number = 0;
    for (int digit = 0; digit < 4; digit++) {
        unsigned char c = *in->at;
        if (in->at >= in->end)
            stop("an escape is cut off");
        if (c >= '0' && c <= '9')
            number = number * 16 + (unsigned int)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            number = number * 16 + ((c | 32U) - 'a' + 10);
        else
            stop("an escape is malformed");
        in->at++;
    }
    return number;
}

/* The number of bytes, at most four, that were written; an escape takes six, and a pair twelve. */
static size_t utf8(unsigned int point, unsigned char *out)
{
    if (point < 0x80) {
        out[0] = (unsigned char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (unsigned char)(0xc0 | point >> 6);
        out[1] = (unsigned char)(0x80 | (point & 63));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (unsigned char)(0xe0 | point >> 12);
        out[1] = (unsigned char)(0x80 | (point >> 6 & 63));
        out[2] = (unsigned char)(0x80 | (point & 63));
        return 3;
    }
    out[0] = (unsigned char)(0xf0 | point >> 18);
    out[1] = (unsigned char)(0x80 | (point >> 12 & 63));
    out[2] = (unsigned char)(0x80 | (point >> 6 & 63));
    out[3] = (unsigned char)(0x80 | (point & 63));
    return 4;
}

static size_t escape(struct reader *in, unsigned char *out)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    unsigned char name = *in->at;
    const char *known = name == 0 ? NULL : strchr(names, name);
    if (known != NULL) {
        in->at++;
        *out = (unsigned char)values[known - names];
        return 1;
    }
    if (name != 'u')
        stop("an escape is unknown");
    in->at++;
    unsigned int point = hex4(in);
    if (point >= 0xd800 && point < 0xdc00 && in->end - in->at >= 6 && in->at[0] == '\\' && in->at[1] == 'u') {
        in->at += 2;
        unsigned int low = hex4(in);
        if (low < 0xdc00 || low > 0xdfff)
            stop("half of a surrogate pair");
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    } else if (point >= 0xd800 && point <= 0xdfff) {
        stop("half of a surrogate pair");
    }
    return utf8(point, out);
}

/* A text in UTF-8. The zero behind it takes the place of the closing quote or of something before that. */
static struct countersign_bytes string(struct reader *in)
{
    expect(in, '"');
    unsigned char *start = in->at, *out = in->at;
    while (in->at < in->end && *in->at != '"') {
        if (*in->at < ' ')
            stop("a control character in a text");
        if (*in->at == '\\') {
            in->at++;
            out += escape(in, out);
        } else {
            *out++ = *in->at++;
        }
    }
    if (in->at >= in->end)
        stop("a text without an end");
    in->at++;
    *out = 0;
    return (struct countersign_bytes){start, (size_t)(out - start)};
}

/* A text that is handed on ended by a zero, and so holds none. */
static const char *text(struct reader *in)
{
    struct countersign_bytes found = string(in);
    if (memchr(found.at, 0, found.length) != NULL)
        stop("a text with a zero");
    return (const char *)found.at;
}

/* A text in which each character is one byte. */
static struct countersign_bytes latin(struct reader *in)
{
    struct countersign_bytes found = string(in);
    unsigned char *start = (unsigned char *)found.at, *out = start;
    for (size_t at = 0; at < found.length; at++) {
        unsigned char c = start[at];
        if (c >= 0x80) {
            at++; /* the zero after the text is not a continuation byte */
            if ((c != 0xc2 && c != 0xc3) || (start[at] & 0xc0) != 0x80)
                stop("a character above 255");
            c = (unsigned char)(c << 6 | (start[at] & 63));
        }
        *out++ = c;
    }
    *out = 0;
    return (struct countersign_bytes){start, (size_t)(out - start)};
}

static int sextet(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static struct countersign_bytes base64(struct reader *in)
{
    struct countersign_bytes found = string(in);
    unsigned char *start = (unsigned char *)found.at, *out = start;
    size_t length = found.length;
    if (length % 4 != 0)
        stop("base64 without padding");
    if (length > 0 && start[length - 1] == '=')
        length -= start[length - 2] == '=' ? 2 : 1;
    unsigned int bits = 0, held = 0;
    for (size_t at = 0; at < length; at++) {
        int value = sextet(start[at]);
        if (value < 0)
            stop("base64 of another alphabet");
        bits = (bits << 6 | (unsigned int)value) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *out++ = (unsigned char)(bits >> held);
        }
    }
    *out = 0;
    return (struct countersign_bytes){start, (size_t)(out - start)};
}

static void digits(struct reader *in, bool sign)
{
    blanks(in);
    if (!(*in->at >= '0' && *in->at <= '9') && !(sign && *in->at == '-'))
        stop("a number is missing");
    errno = 0;
}

static uint64_t unsigned_number(struct reader *in)
{
    char *end;
    digits(in, false);
    unsigned long long number = strtoull((char *)in->at, &end, 10);
    in->at = (unsigned char *)end;
    if (errno != 0)
        stop("a number is too large");
    return number;
}

static int64_t signed_number(struct reader *in)
{
    char *end;
    digits(in, true);
    long long number = strtoll((char *)in->at, &end, 10);
    in->at = (unsigned char *)end;
    if (errno != 0)
        stop("a number is too large");
    return number;
}

/* Moves to the next member of an object, after its name and colon; false behind the last one. */
static bool member(struct reader *in, bool *first, const char **name)
{
    if (*first)
        expect(in, '{');
    if (skip(in, '}'))
        return false;
    if (!*first)
        expect(in, ',');
    *first = false;
    *name = text(in);
    expect(in, ':');
    return true;
}

/* The same for an array. */
static bool item(struct reader *in, bool *first)
{
    if (*first)
        expect(in, '[');
    if (skip(in, ']'))
        return false;
    if (!*first)
        expect(in, ',');
    *first = false;
    return true;
}

/* A value that this version of the protocol does not know. */
static void pass_over(struct reader *in, int depth)
{
    const char *name;
    bool first = true;
    blanks(in);
    if (depth > DEEPEST)
        stop("nested too deeply");
    if (*in->at == '{') {
        while (member(in, &first, &name))
            pass_over(in, depth + 1);
    } else if (*in->at == '[') {
        while (item(in, &first))
            pass_over(in, depth + 1);
    } else if (*in->at == '"') {
        string(in);
    } else {
        size_t length = strspn((char *)in->at, "+-.0123456789Eaeflnrstu"); /* a number, true, false, null */
        if (length == 0)
            stop("a value is missing");
        in->at += length;
    }
}

/* Reading a request */

struct request {
    uint64_t seq;
    bool numbered;
    struct countersign_request asked;
    struct countersign_constant *constants;
    struct countersign_header *headers;
    /* Of `measure`. */
    struct request *sent;
    size_t sent_count;
    uint64_t *order;
    size_t order_count;
    bool untimed;
};

static const struct countersign_request nothing = {
    .scheme = "",
    .key = {(const unsigned char *)"", 0},
    .origin = "",
    .key_id = "",
    .method = {(const unsigned char *)"", 0},
    .target = {(const unsigned char *)"", 0},
    .body = {(const unsigned char *)"", 0},
};

/* Room for one more; arrays grow by doubling, and the length of the line bounds them. */
static void *grown(void *array, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return array;
    void *larger = realloc(array, (count == 0 ? 1 : count * 2) * size);
    if (larger == NULL)
        stop("no memory");
    return larger;
}

static void read_constants(struct reader *in, struct request *into)
{
    const char *name;
    for (bool first = true; member(in, &first, &name);) {
        size_t count = into->asked.constant_count++;
        into->constants = grown(into->constants, count, sizeof *into->constants);
        into->constants[count] = (struct countersign_constant){name, text(in)};
    }
}

static void read_headers(struct reader *in, struct request *into)
{
    for (bool first = true; item(in, &first);) {
        size_t count = into->asked.header_count++;
        into->headers = grown(into->headers, count, sizeof *into->headers);
        expect(in, '[');
        into->headers[count].name = text(in);
        expect(in, ',');
        into->headers[count].value = base64(in);
        expect(in, ']');
    }
}

static void read_endpoint(struct reader *in, struct request *into)
{
    const char *name;
    for (bool first = true; member(in, &first, &name);) {
        if (strcmp(name, "origin") == 0)
            into->asked.origin = text(in);
        else if (strcmp(name, "key_id") == 0)
            into->asked.key_id = text(in);
        else if (strcmp(name, "constants") == 0)
            read_constants(in, into);
        else
            pass_over(in, 0);
    }
}

static void read_sent(struct reader *in, struct request *into)
{
    const char *name;
    for (bool first = true; member(in, &first, &name);) {
        if (strcmp(name, "method") == 0)
            into->asked.method = latin(in);
        else if (strcmp(name, "target") == 0)
            into->asked.target = latin(in);
        else if (strcmp(name, "headers") == 0)
            read_headers(in, into);
        else if (strcmp(name, "body") == 0)
            into->asked.body = base64(in);
        else
            pass_over(in, 0);
    }
}

static void read_requests(struct reader *in, struct request *into)
{
    for (bool first = true; item(in, &first);) {
        size_t count = into->sent_count++;
        into->sent = grown(into->sent, count, sizeof *into->sent);
        into->sent[count] = (struct request){.asked = nothing};
        read_sent(in, &into->sent[count]);
    }
}

static void read_order(struct reader *in, struct request *into)
{
    for (bool first = true; item(in, &first);) {
        size_t count = into->order_count++;
        into->order = grown(into->order, count, sizeof *into->order);
        into->order[count] = unsigned_number(in);
    }
}

/* What is asked: of `verify` one request, of `measure` several. */
static void read_question(struct reader *in, struct request *into)
{
    const char *name;
    for (bool first = true; member(in, &first, &name);) {
        if (strcmp(name, "seq") == 0) {
            into->seq = unsigned_number(in);
            into->numbered = true;
        } else if (strcmp(name, "scheme") == 0) {
            into->asked.scheme = text(in);
        } else if (strcmp(name, "key") == 0) {
            into->asked.key = base64(in);
        } else if (strcmp(name, "now") == 0) {
            into->asked.now = signed_number(in);
        } else if (strcmp(name, "endpoint") == 0) {
            read_endpoint(in, into);
        } else if (strcmp(name, "request") == 0) {
            read_sent(in, into);
        } else if (strcmp(name, "requests") == 0) {
            read_requests(in, into);
        } else if (strcmp(name, "order") == 0) {
            read_order(in, into);
        } else if (strcmp(name, "untimed") == 0) {
            into->untimed = skip(in, 't');
            pass_over(in, 0); /* the rest of the word */
        } else {
            pass_over(in, 0);
        }
    }
}

/* Writing answers */

static void put_text(FILE *out, const char *value)
{
    putc('"', out);
    for (const unsigned char *at = (const unsigned char *)value; *at != 0; at++) {
        if (*at < ' ' || *at >= 127 || *at == '"' || *at == '\\')
            fprintf(out, "\\u%04x", *at);
        else
            putc(*at, out);
    }
    putc('"', out);
}

static void put_list(FILE *out, const char *name, const char *const *values, const char *last)
{
    const char *comma = "";
    fprintf(out, ",\"%s\":[", name);
    for (size_t at = 0; values != NULL && values[at] != NULL; at++, comma = ",") {
        fputs(comma, out);
        put_text(out, values[at]);
    }
    if (last != NULL) {
        fputs(comma, out);
        put_text(out, last);
    }
    putc(']', out);
}

static void put_hello(FILE *out, const struct countersign_hello *hello)
{
    fputs("{\"hello\":{\"name\":", out);
    put_text(out, hello->name);
    if (hello->version != NULL) {
        fputs(",\"version\":", out);
        put_text(out, hello->version);
    }
    fputs(",\"language\":", out);
    put_text(out, hello->language);
    put_list(out, "schemes", hello->schemes, NULL);
    put_list(out, "capabilities", hello->capabilities, "timing");
    fputs("}}\n", out);
}

static void put_answer(FILE *out, uint64_t seq, int verdict, struct countersign_answer *answer)
{
    static const char *const kinds[] = {"accepted", "rejected", "error", "unsupported"};
    if (verdict < COUNTERSIGN_ACCEPTED || verdict > COUNTERSIGN_UNSUPPORTED)
        stop("countersign_verify returned no verdict");
    answer->type[sizeof answer->type - 1] = 0;
    answer->detail[sizeof answer->detail - 1] = 0;
    fprintf(out, "{\"%s\":{\"seq\":%llu", kinds[verdict], (unsigned long long)seq);
    if (verdict == COUNTERSIGN_ERROR) {
        fputs(",\"type\":", out);
        put_text(out, answer->type[0] == 0 ? "error" : answer->type);
    }
    if (verdict == COUNTERSIGN_UNSUPPORTED || (verdict != COUNTERSIGN_ACCEPTED && answer->detail[0] != 0)) {
        fputs(verdict == COUNTERSIGN_UNSUPPORTED ? ",\"why\":" : ",\"detail\":", out);
        put_text(out, answer->detail);
    }
    fputs("}}\n", out);
}

/* The library, and the loop */

struct library {
    const struct countersign_hello *(*hello)(void);
    int (*verify)(const struct countersign_request *, struct countersign_answer *);
};

static struct library load(const char *path)
{
    struct library library;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        stop(dlerror());
    /* POSIX lets a pointer to an object be copied into a pointer to a function. */
    *(void **)&library.hello = dlsym(handle, "countersign_hello");
    *(void **)&library.verify = dlsym(handle, "countersign_verify");
    if (library.hello == NULL || library.verify == NULL)
        stop("the library lacks countersign_hello or countersign_verify");
    return library;
}

static uint64_t nanoseconds(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        stop("no clock");
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Verifies the requests in their order, with a clock around each call. Refusals are what is measured. */
static void answer_measure(FILE *out, struct request *request, const struct library *library)
{
    uint64_t *nanos = calloc(request->order_count + 1, sizeof *nanos);
    if (nanos == NULL)
        stop("no memory");
    for (size_t at = 0; at < request->sent_count; at++) {
        struct countersign_request asked = request->asked, *sent = &request->sent[at].asked;
        asked.method = sent->method;
        asked.target = sent->target;
        asked.headers = request->sent[at].headers;
        asked.header_count = sent->header_count;
        asked.body = sent->body;
        *sent = asked;
    }
    for (size_t at = 0; at < request->order_count; at++) {
        struct countersign_answer answer = {{0}, {0}};
        if (request->order[at] >= request->sent_count)
            stop("the order names a request that is not there");
        const struct countersign_request *asked = &request->sent[request->order[at]].asked;
        uint64_t start = request->untimed ? 0 : nanoseconds();
        int verdict = library->verify(asked, &answer);
        nanos[at] = request->untimed ? 0 : nanoseconds() - start;
        if (verdict != COUNTERSIGN_ACCEPTED && verdict != COUNTERSIGN_REJECTED) {
            put_answer(out, request->seq, verdict, &answer);
            free(nanos);
            return;
        }
    }
    fprintf(out, "{\"measured\":{\"seq\":%llu,\"nanos\":[", (unsigned long long)request->seq);
    for (size_t at = 0; at < request->order_count; at++)
        fprintf(out, "%s%llu", at == 0 ? "" : ",", (unsigned long long)nanos[at]);
    fputs("]}}\n", out);
    free(nanos);
}

static void answer_line(FILE *out, struct reader in, const struct library *library)
{
    struct request request = {.asked = nothing};
    struct countersign_answer answer = {{0}, {0}};
    const char *kind;
    bool first = true;
    if (!member(&in, &first, &kind))
        stop("an empty line");
    if (strcmp(kind, "hello") == 0) {
        put_hello(out, library->hello());
        return;
    }
    /* Every kind of line but hello has a number, and what else it has is passed over. */
    read_question(&in, &request);
    expect(&in, '}');
    blanks(&in);
    if (in.at != in.end)
        stop("something behind the object");
    if (!request.numbered)
        stop("a line without a number");
    request.asked.constants = request.constants;
    request.asked.headers = request.headers;
    if (strcmp(kind, "verify") == 0) {
        put_answer(out, request.seq, library->verify(&request.asked, &answer), &answer);
    } else if (strcmp(kind, "measure") == 0) {
        answer_measure(out, &request, library);
    } else {
        snprintf(answer.detail, sizeof answer.detail, "unknown kind of line: %s", kind);
        put_answer(out, request.seq, COUNTERSIGN_UNSUPPORTED, &answer);
    }
    for (size_t at = 0; at < request.sent_count; at++)
        free(request.sent[at].headers);
    free(request.sent);
    free(request.order);
    free(request.constants);
    free(request.headers);
}

int main(int count, char **arguments)
{
    if (count != 2)
        stop("usage: countersign_driver LIBRARY");
    struct library library = load(arguments[1]);

    /* What a library prints must not come between the answers. */
    int kept = dup(STDOUT_FILENO);
    FILE *out = kept < 0 ? NULL : fdopen(kept, "w");
    unsigned char *line = malloc(LONGEST_LINE + 2);
    if (out == NULL || line == NULL || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        stop("no memory or no output");

    /* fgets writes the zero that ends every text; a zero byte in the line would only cut it short, which is then no JSON. */
    while (fgets((char *)line, LONGEST_LINE + 2, stdin) != NULL) {
        size_t length = strlen((char *)line);
        if (length == LONGEST_LINE + 1 && line[length - 1] != '\n')
            stop("a line longer than 1 MiB");
        answer_line(out, (struct reader){line, line + length}, &library);
        if (fflush(out) != 0)
            stop("standard output is closed");
    }
    free(line);
    return ferror(stdin) ? 2 : 0;
}
