#include "expat_shim.h"

#include <stdint.h>
#include <stdlib.h>

/* In front of each block stands its size. */
typedef union {
  size_t size;
  max_align_t alignment;
} block_head;

static _Thread_local size_t used;
static _Thread_local size_t limit;

static void *take(size_t size) {
  if (used > limit || size > limit - used) return NULL;
  block_head *head = malloc(sizeof(block_head) + size);
  if (head == NULL) return NULL;
  head->size = size;
  used += size;
  return head + 1;
}

static void give_back(void *block) {
  if (block == NULL) return;
  block_head *head = (block_head *)block - 1;
  used -= head->size;
  free(head);
}

static void *resize(void *block, size_t size) {
  if (block == NULL) return take(size);
  block_head *head = (block_head *)block - 1;
  size_t others = used - head->size;
  if (others > limit || size > limit - others) return NULL;
  head = realloc(head, sizeof(block_head) + size);
  if (head == NULL) return NULL;
  head->size = size;
  used = others + size;
  return head + 1;
}

static const XML_Memory_Handling_Suite counted = {take, resize, give_back};

XML_Parser toolbox_expat_create(size_t most_memory) {
  used = 0;
  limit = most_memory < SIZE_MAX / 2 ? most_memory : SIZE_MAX / 2;
  const XML_Char separator[] = {toolbox_expat_separator, 0};
  return XML_ParserCreate_MM("UTF-8", &counted, separator);
}
