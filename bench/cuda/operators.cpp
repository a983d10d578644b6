// Counts the operators that torch runs, through the observer that torch's own profiler uses (ATen/record_function.h). Needs no header of torch: what
// is declared here is that of libtorch 2.10, x64 Linux. Preloaded into a process, it prints at its end how often each operator ran whose work is a kernel
// or copy of its own: neither a view, nor made of others.
//   g++ -O2 -shared -fPIC -o liboperators.so operators.cpp -ldl
//   LD_PRELOAD=$PWD/liboperators.so COUNT_TO=counts.tsv helios bench decode ...
#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace at {
class RecordFunction;
struct ObserverContext { virtual ~ObserverContext() {} };
struct RecordFunctionCallback {
  using Start = std::unique_ptr<ObserverContext> (*)(const RecordFunction&);
  using End = void (*)(const RecordFunction&, ObserverContext*);
  Start start; End end; double sampling = 1.0; std::array<bool, 10> scopes = {}; bool inputs = false, outputs = false, ids = false;
};
}

static const char* (*NameOf)(const at::RecordFunction*);
static std::mutex gate;
static std::map<std::string, long> counts;
static bool startsNothing(const std::string& name) {
  static const char* views[] = {"view", "as_strided", "narrow", "slice", "select", "unsqueeze", "squeeze", "permute", "transpose", "t", "expand", "alias", "detach", "_reshape_alias",
    "unflatten", "empty", "empty_strided", "empty_like", "_unsafe_view", "resize_", "to", "is_nonzero", "item", "result_type", "_has_compatible_shallow_copy_type", "lift_fresh", "contiguous", "reshape", "unbind", "split", "chunk", "is_pinned", "_local_scalar_dense", "conj", "resolve_conj", "resolve_neg", "is_inference"};
  return std::any_of(std::begin(views), std::end(views), [&](const char* view) { return name == std::string("aten::") + view; });
}

// Whether an operator that is under way has run a kernel: its own work is then that of others.
static thread_local std::vector<bool> hasKernel;

// On CUDA rms_norm is one kernel, on the CPU several: it is counted as one.
static thread_local int withinNorm;

static bool isNorm(const at::RecordFunction& function) { return std::string(NameOf(&function)) == "aten::rms_norm"; }

static std::unique_ptr<at::ObserverContext> start(const at::RecordFunction& function) {
  withinNorm += isNorm(function);
  hasKernel.push_back(false);
  return nullptr;
}

static void end(const at::RecordFunction& function, at::ObserverContext*) {
  if (hasKernel.empty()) return;
  const std::string name = NameOf(&function);
  const bool whole = isNorm(function);
  withinNorm -= whole;
  const bool kernel = whole || (!hasKernel.back() && !startsNothing(name));
  const bool within = hasKernel.back();
  hasKernel.pop_back();
  if (!hasKernel.empty() && (kernel || within)) hasKernel.back() = true;
  if (!kernel || withinNorm > 0) return;
  std::lock_guard<std::mutex> lock(gate);
  counts[name]++;
}

static void print() {
  const char* path = getenv("COUNT_TO");
  FILE* out = path ? fopen(path, "w") : stderr;
  if (!out) return;
  std::lock_guard<std::mutex> lock(gate);
  for (auto& [name, count] : counts) fprintf(out, "%s\t%ld\n", name.c_str(), count);
  if (path) fclose(out);
}

// Libtorch is loaded later than this library: wait for it.
static void* wait(void*) {
  for (;; usleep(2000)) {
    void* torch = dlopen("libtorch_cpu.so", RTLD_NOW | RTLD_NOLOAD);
    if (!torch) continue;
    auto add = (unsigned long (*)(at::RecordFunctionCallback))dlsym(torch, "_ZN2at17addGlobalCallbackENS_22RecordFunctionCallbackE");
    NameOf = (const char* (*)(const at::RecordFunction*))dlsym(torch, "_ZNK2at14RecordFunction4nameEv");
    if (!add || !NameOf) { fprintf(stderr, "operators: this libtorch has no record functions of 2.10\n"); return nullptr; }
    at::RecordFunctionCallback callback{start, end};
    callback.scopes[0] = true;  // functions
    add(callback);
    atexit(print);
    return nullptr;
  }
}

__attribute__((constructor)) static void load() { pthread_t thread; pthread_create(&thread, nullptr, wait, nullptr); pthread_detach(thread); }
