/*
 * Runs the records of a file on the CPU it finds itself on and fills in what they leave. See generate.mjs.
 * gcc -O1 -mno-red-zone -o record record.c
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

typedef struct __attribute__((packed)) {
  uint64_t gpr[4]; /* RAX RCX RDX RBX */
  uint64_t flags;
  uint32_t mxcsr;
  uint16_t fsw, ftw; /* ftw abridged, as FXSAVE has it */
  uint8_t st[128];   /* 16 bytes a register, from ST(0) */
  uint8_t xmm[64];
  uint8_t memory[64];
  uint8_t upper[64]; /* of YMM0-YMM3 */
} State;

typedef struct __attribute__((packed)) {
  uint8_t length, trap /* the exception's vector plus 1 */, unused[6], code[16];
  State in, out;
} Record;

static sigjmp_buf back;
static volatile int trap;
static uint8_t in[512] __attribute__((aligned(16))), out[512] __attribute__((aligned(16)));
static uint64_t registers[5], left[5];
static uint8_t upper[64] __attribute__((aligned(16)));

static void on_signal(int signal, siginfo_t *info, void *context) {
  trap = ((ucontext_t *)context)->uc_mcontext.gregs[REG_TRAPNO] + 1;
  (void)signal, (void)info;
  siglongjmp(back, 1);
}

int main(int argc, char **argv) {
  FILE *file = fopen(argv[argc - 1], "r+b");
  if (!file) return 1;
  uint8_t *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint8_t *memory = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigaction(SIGFPE, &action, 0), sigaction(SIGILL, &action, 0), sigaction(SIGSEGV, &action, 0), sigaction(SIGBUS, &action, 0);
  Record r;
  while (fread(&r, sizeof r, 1, file) == 1) {
    memset(in, 0, sizeof in);
    memcpy(in, "\x7f\x03", 2), memcpy(in + 2, &r.in.fsw, 2), memcpy(in + 4, &r.in.ftw, 1), memcpy(in + 24, &r.in.mxcsr, 4);
    memcpy(in + 32, r.in.st, 128), memcpy(in + 160, r.in.xmm, 64);
    memcpy(registers, r.in.gpr, 32), registers[4] = r.in.flags;
    memcpy(memory, r.in.memory, 64);
    memcpy(upper, r.in.upper, 64);
    memcpy(code, r.code, r.length), code[r.length] = 0xc3;
    trap = 0, r.out = r.in;
    if (!sigsetjmp(back, 1)) {
      __asm__ volatile(
          "push %%rbp\n push %%r12\n fxrstor64 (%0)\n vinsertf128 $1,(%6),%%ymm0,%%ymm0\n vinsertf128 $1,16(%6),%%ymm1,%%ymm1\n"
          "vinsertf128 $1,32(%6),%%ymm2,%%ymm2\n vinsertf128 $1,48(%6),%%ymm3,%%ymm3\n push 32(%1)\n"
          "mov (%1),%%rax\n mov 8(%1),%%rcx\n mov 16(%1),%%rdx\n mov 24(%1),%%rbx\n mov %2,%%rdi\n popfq\n call *%3\n pushfq\n cld\n"
          "mov %%rax,(%4)\n mov %%rcx,8(%4)\n mov %%rdx,16(%4)\n mov %%rbx,24(%4)\n pop 32(%4)\n fxsave64 (%5)\n vextractf128 $1,%%ymm0,(%6)\n"
          "vextractf128 $1,%%ymm1,16(%6)\n vextractf128 $1,%%ymm2,32(%6)\n vextractf128 $1,%%ymm3,48(%6)\n vzeroupper\n pop %%r12\n pop %%rbp"
          ::"r"(in), "r"(registers), "r"(memory), "r"(code), "r"(left), "r"(out), "r"(upper)
          : "rax", "rcx", "rdx", "rbx", "rdi", "memory", "cc", "xmm0");
      memcpy(r.out.gpr, left, 32), r.out.flags = left[4];
      memcpy(&r.out.mxcsr, out + 24, 4), memcpy(&r.out.fsw, out + 2, 2), r.out.ftw = out[4];
      memcpy(r.out.st, out + 32, 128), memcpy(r.out.xmm, out + 160, 64), memcpy(r.out.memory, memory, 64), memcpy(r.out.upper, upper, 64);
    }
    r.trap = trap;
    uint32_t usual = 0x1f80;
    __asm__ volatile("ldmxcsr %0\n fninit" ::"m"(usual));
    fseek(file, -(long)sizeof r, SEEK_CUR), fwrite(&r, sizeof r, 1, file), fseek(file, 0, SEEK_CUR);
  }
  return fclose(file);
}
