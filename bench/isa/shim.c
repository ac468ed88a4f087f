// A libvulkan.so.1 in front of one Vulkan driver on a null device: pipelines are compiled for real, commands do nothing.
// Environment: ISA_ICD    path of the driver's library (libvulkan_radeon.so)
//              ISA_STATS  file that gets one line of JSON for each compute pipeline: the driver's own statistics
//              ISA_TEXT   file that gets the driver's representations of it, the assembly last
// Build: cc -O1 -shared -fPIC -o libvulkan.so.1 shim.c -ldl. What it needs of Vulkan's headers (the stable ABI) is written out here.
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*Function)(void);
typedef Function (*GetProc)(void *, const char *);
typedef struct Base { int32_t type; const struct Base *next; } Base;
typedef struct {
  int32_t type; const void *next; uint32_t flags, queues; const void *queue; uint32_t layers; const char *const *layer;
  uint32_t extensions; const char *const *extension; const void *features;
} DeviceInfo;
typedef struct { int32_t type; void *next; uint32_t on; } ExecutableFeatures;
typedef struct { int32_t type; const void *next; uint32_t flags, stage; uint64_t module; const char *name; const void *constants; } Stage;
typedef struct { int32_t type; const void *next; uint32_t flags; Stage stage; uint64_t layout, base; int32_t baseIndex; } ComputeInfo;
typedef struct { int32_t type; const void *next; uint64_t pipeline; } PipelineInfo;
typedef struct { int32_t type; void *next; uint32_t stages; char name[256], description[256]; uint32_t subgroup; } Properties;
typedef struct { int32_t type; const void *next; uint64_t pipeline; uint32_t index; } ExecutableInfo;
typedef struct {
  int32_t type; void *next; char name[256], description[256]; int32_t format; union { uint64_t u64; double f64; } value;
} Statistic;
typedef struct {
  int32_t type; void *next; char name[256], description[256]; uint32_t isText; size_t size; void *data;
} Representation;

enum { FEATURES = 1000269000, INFO, PROPERTIES, EXECUTABLE, STATISTIC, REPRESENTATION };
enum { CAPTURE = 0x40 | 0x80, FLOAT64 = 3 };

static GetProc icd, icd_device;
static void *instance;

static GetProc load(void) {
  if (icd) return icd;
  const char *path = getenv("ISA_ICD");
  void *h = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
  if (!h) { fprintf(stderr, "shim: ISA_ICD: %s\n", path ? dlerror() : "unset"); exit(3); }
  icd = (GetProc)dlsym(h, "vk_icdGetInstanceProcAddr");
  int32_t (*negotiate)(uint32_t *) = (int32_t (*)(uint32_t *))dlsym(h, "vk_icdNegotiateLoaderICDInterfaceVersion");
  uint32_t version = 5;
  if (negotiate) negotiate(&version);
  return icd;
}

static int32_t ok(void) { return 0; }
static void nothing(void) {}

static int32_t create_instance(const void *info, const void *a, void **out) {
  int32_t r = ((int32_t (*)(const void *, const void *, void **))load()(NULL, "vkCreateInstance"))(info, a, out);
  if (r != 0) return r;
  instance = *out;
  icd_device = (GetProc)load()(instance, "vkGetDeviceProcAddr");
  return r;
}

// Adds VK_KHR_pipeline_executable_properties to what Dawn asks for.
static int32_t create_device(void *p, const DeviceInfo *info, const void *a, void **out) {
  DeviceInfo c = *info;
  const char **names = malloc(sizeof(char *) * (c.extensions + 1));
  memcpy(names, c.extension, sizeof(char *) * c.extensions);
  names[c.extensions++] = "VK_KHR_pipeline_executable_properties";
  c.extension = names;
  ExecutableFeatures f = {FEATURES, (void *)c.next, 1};
  c.next = &f;
  return ((int32_t (*)(void *, const DeviceInfo *, const void *, void **))load()(instance, "vkCreateDevice"))(p, &c, a, out);
}

static FILE *append(const char *variable) {
  const char *path = getenv(variable);
  return path ? fopen(path, "a") : NULL;
}

typedef int32_t (*Ask)(void *, const void *, uint32_t *, void *);
static Ask asks(void *d, const char *name) { return (Ask)icd_device(d, name); }

static void representations(void *d, const ExecutableInfo *e, FILE *t) {
  Ask get = asks(d, "vkGetPipelineExecutableInternalRepresentationsKHR");
  uint32_t n = 8;
  Representation r[8];
  memset(r, 0, sizeof r);
  for (int j = 0; j < 8; j++) r[j].type = REPRESENTATION;
  get(d, e, &n, r);
  for (uint32_t j = 0; j < n; j++) r[j].data = malloc(r[j].size);
  get(d, e, &n, r);
  for (uint32_t j = 0; j < n; j++) { fprintf(t, "==== %s\n%s\n", r[j].name, (char *)r[j].data); free(r[j].data); }
}

static int32_t create_compute(void *d, uint64_t cache, uint32_t n, const ComputeInfo *info, const void *a, uint64_t *out) {
  ComputeInfo *c = malloc(n * sizeof *c);
  memcpy(c, info, n * sizeof *c);
  for (uint32_t i = 0; i < n; i++) c[i].flags |= CAPTURE;
  int32_t (*create)(void *, uint64_t, uint32_t, const ComputeInfo *, const void *, uint64_t *) =
      (int32_t (*)(void *, uint64_t, uint32_t, const ComputeInfo *, const void *, uint64_t *))icd_device(d, "vkCreateComputePipelines");
  int32_t r = create(d, cache, n, c, a, out);
  FILE *o = append("ISA_STATS"), *t = append("ISA_TEXT");
  for (uint32_t i = 0; r == 0 && o && i < n; i++) {
    PipelineInfo pipeline = {INFO, NULL, out[i]};
    uint32_t k = 8;
    Properties p[8];
    memset(p, 0, sizeof p);
    for (int j = 0; j < 8; j++) p[j].type = PROPERTIES;
    asks(d, "vkGetPipelineExecutablePropertiesKHR")(d, &pipeline, &k, p);
    for (uint32_t x = 0; x < k; x++) {
      ExecutableInfo e = {EXECUTABLE, NULL, out[i], x};
      uint32_t m = 64;
      Statistic s[64];
      memset(s, 0, sizeof s);
      for (int j = 0; j < 64; j++) s[j].type = STATISTIC;
      asks(d, "vkGetPipelineExecutableStatisticsKHR")(d, &e, &m, s);
      fprintf(o, "{\"wave\": %u", p[x].subgroup);
      for (uint32_t j = 0; j < m; j++)
        if (s[j].format == FLOAT64) fprintf(o, ", \"%s\": %g", s[j].name, s[j].value.f64);
        else fprintf(o, ", \"%s\": %llu", s[j].name, (unsigned long long)s[j].value.u64);
      fprintf(o, "}\n");
      if (t) representations(d, &e, t);
    }
  }
  if (o) fclose(o);
  if (t) fclose(t);
  free(c);
  return r;
}

static Function own(const char *n);
static Function device_proc(void *d, const char *n) {
  Function mine = own(n), theirs = icd_device(d, n);
  return mine && theirs ? mine : theirs;
}

static Function own(const char *n) {
  static const char *const done[] = {"vkBeginCommandBuffer", "vkEndCommandBuffer", "vkQueueSubmit", "vkQueueSubmit2", "vkQueueWaitIdle",
    "vkDeviceWaitIdle", "vkWaitForFences", "vkGetFenceStatus", "vkResetFences", "vkResetCommandPool", "vkResetCommandBuffer", "vkQueueBindSparse", 0};
  if (!strcmp(n, "vkCreateInstance")) return (Function)create_instance;
  if (!strcmp(n, "vkCreateDevice")) return (Function)create_device;
  if (!strcmp(n, "vkGetDeviceProcAddr")) return (Function)device_proc;
  if (!strcmp(n, "vkCreateComputePipelines")) return (Function)create_compute;
  if (!strncmp(n, "vkCmd", 5)) return (Function)nothing;
  for (int i = 0; done[i]; i++) if (!strcmp(n, done[i])) return (Function)ok;
  return NULL;
}

Function vkGetInstanceProcAddr(void *i, const char *n) {
  Function mine = own(n);
  return mine ? mine : load()(i, n);
}
