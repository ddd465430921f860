/* dudect's rule on a full HMAC-SHA256 verification of 256 octets with 64 hexadecimal characters: how many calls it takes
   until it says that there is a leak. Usage: verify ends-early|equals|constant-time SECONDS */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define DUDECT_IMPLEMENTATION
#include "dudect.h"

#define LENGTH 64
#define CALLS 500

static unsigned char body[256];
static const char key[] = "a key for measurements";
static int (*same)(const char *, const char *);

static void right_tag(char *hex) {
  static const char digits[] = "0123456789abcdef";
  unsigned char tag[32];
  unsigned length = sizeof tag;
  HMAC(EVP_sha256(), key, sizeof key - 1, body, sizeof body, tag, &length);
  for (unsigned i = 0; i < length; i++) {
    hex[2 * i] = digits[tag[i] >> 4];
    hex[2 * i + 1] = digits[tag[i] & 15];
  }
}

static int ends_early(const char *one, const char *other) {
  for (volatile size_t i = 0; i < LENGTH; i++)
    if (one[i] != other[i]) return 0;
  return 1;
}

static int equals(const char *one, const char *other) { return memcmp(one, other, LENGTH) == 0; }

static int constant_time(const char *one, const char *other) { return CRYPTO_memcmp(one, other, LENGTH) == 0; }

uint8_t do_one_computation(uint8_t *data) {
  char right[LENGTH];
  right_tag(right);
  return (uint8_t)same(right, (const char *)data);
}

/* A wrong tag: at its first character, or at its last. What stands behind the first is wrong as well. */
void prepare_inputs(dudect_config_t *config, uint8_t *input, uint8_t *classes) {
  char right[LENGTH];
  right_tag(right);
  for (size_t i = 0; i < config->number_measurements; i++) {
    char *tag = (char *)input + i * config->chunk_size;
    memcpy(tag, right, LENGTH);
    classes[i] = randombit();
    if (classes[i] == 0) {
      for (size_t at = 0; at < LENGTH; at++) tag[at] = right[at] == '0' ? '1' : '0';
    } else {
      tag[LENGTH - 1] = right[LENGTH - 1] == '0' ? '1' : '0';
    }
  }
}

int main(int count, char **words) {
  if (count != 3) return 2;
  same = strcmp(words[1], "ends-early") == 0 ? ends_early : strcmp(words[1], "equals") == 0 ? equals : constant_time;
  double seconds = atof(words[2]);
  dudect_config_t config = {.chunk_size = LENGTH, .number_measurements = CALLS};
  dudect_ctx_t context;
  dudect_init(&context, &config);
  time_t start = time(NULL);
  unsigned long calls = 0;
  dudect_state_t state = DUDECT_NO_LEAKAGE_EVIDENCE_YET;
  while (state == DUDECT_NO_LEAKAGE_EVIDENCE_YET && difftime(time(NULL), start) < seconds) {
    state = dudect_main(&context);
    calls += CALLS;
  }
  fprintf(stderr, "%s after %lu calls\n", state == DUDECT_LEAKAGE_FOUND ? "leak" : "no verdict", calls);
  dudect_free(&context);
  return 0;
}
