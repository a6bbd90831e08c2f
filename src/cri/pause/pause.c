// pause: the first process of every pod. Holds the pod's namespaces, reaps orphans where the pod shares one process
// namespace, and ends on SIGTERM or SIGINT. Freestanding: no libc, so that a hundred pods cost next to nothing.

#if defined(__x86_64__)
enum { kWait4 = 61, kExit = 231, kSigprocmask = 14, kSigtimedwait = 128, kWrite = 1 };
static long call(long number, long a, long b, long c, long d) {
  long result;
  register long r10 __asm__("r10") = d;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
enum { kWait4 = 260, kExit = 94, kSigprocmask = 135, kSigtimedwait = 137, kWrite = 64 };
static long call(long number, long a, long b, long c, long d) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
#else
#error "pause is not written for this processor"
#endif

enum { kSigint = 2, kSigterm = 15, kSigchld = 17, kNoHang = 1, kBlock = 0 };

void _start(void) {
  // Blocked signals wait until they are asked for; as process 1 of a namespace only those would reach us anyway.
  const unsigned long set = 1ul << (kSigint - 1) | 1ul << (kSigterm - 1) | 1ul << (kSigchld - 1);
  call(kSigprocmask, kBlock, (long)&set, 0, sizeof set);
  for (;;) {
    const long number = call(kSigtimedwait, (long)&set, 0, 0, sizeof set);
    if (number == kSigint || number == kSigterm) call(kExit, 0, 0, 0, 0);
    while (call(kWait4, -1, 0, kNoHang, 0) > 0) {
    }
  }
}
