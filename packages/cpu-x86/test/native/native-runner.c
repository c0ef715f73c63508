/*
 * Runs instruction snippets on the CPU that it finds itself on, so that it can be compared with the translator.
 * stdin: records of `struct input`; stdout: one `struct output` each. x86-64 Linux; gcc -O1 -static -no-pie. See compare-with-host.mjs.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define CODE ((uint8_t *)0x100000)
#define DATA ((uint8_t *)0x180000)
#define DATA_SIZE 0x2000
#define SHOWN (DATA + 0x1000 - 256)

struct input {
  uint32_t length, mode32;
  uint8_t code[56];
  uint64_t regs[16], flags;
  uint8_t xmm[256];
  uint8_t data[512];
};

struct output {
  uint64_t regs[16], flags, pc;
  int64_t trap;
  uint8_t xmm[256];
  uint8_t data[512];
};

struct state {
  uint64_t regs[16], flags, host_rsp, target, reserved;
  uint32_t target32, selector32;
  uint64_t start, unused[2];
  uint8_t fx[512] __attribute__((aligned(16)));
};
struct state st __attribute__((aligned(64)));
static struct output out;
static sigjmp_buf back;
static uint8_t alt_stack[65536];

void enter(void);
extern char leave_stub[], start64[], start32[];

/* Loads everything, jumps into the snippet; the snippet ends with a jump to leave_stub, which stores everything. */
__asm__(
  ".text\n.globl enter\nenter:\n"
  "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
  "mov %rsp, st+136(%rip)\n"
  "fxrstor64 st+192(%rip)\n"
  /* 32-bit code wants data segments */
  "mov $0x2b, %eax; mov %eax, %ds; mov %eax, %es\n"
  "lea st(%rip), %rax\n"
  "pushq 128(%rax); popfq\n"
  "mov 8(%rax), %rcx; mov 16(%rax), %rdx; mov 24(%rax), %rbx; mov 32(%rax), %rsp; mov 40(%rax), %rbp\n"
  "mov 48(%rax), %rsi; mov 56(%rax), %rdi; mov 64(%rax), %r8; mov 72(%rax), %r9; mov 80(%rax), %r10\n"
  "mov 88(%rax), %r11; mov 96(%rax), %r12; mov 104(%rax), %r13; mov 112(%rax), %r14; mov 120(%rax), %r15\n"
  "mov 0(%rax), %rax\n"
  "jmp *st+168(%rip)\n"
  ".globl start64\nstart64: jmp *st+144(%rip)\n"
  ".globl start32\nstart32: ljmp *st+160(%rip)\n"
  ".globl leave_stub\nleave_stub:\n"
  "mov %rax, st+0(%rip); mov %rcx, st+8(%rip); mov %rdx, st+16(%rip); mov %rbx, st+24(%rip)\n"
  "mov %rsp, st+32(%rip); mov %rbp, st+40(%rip); mov %rsi, st+48(%rip); mov %rdi, st+56(%rip)\n"
  "mov %r8, st+64(%rip); mov %r9, st+72(%rip); mov %r10, st+80(%rip); mov %r11, st+88(%rip)\n"
  "mov %r12, st+96(%rip); mov %r13, st+104(%rip); mov %r14, st+112(%rip); mov %r15, st+120(%rip)\n"
  "mov st+136(%rip), %rsp\n"
  "pushfq; popq st+128(%rip); cld\n"
  "fxsave64 st+192(%rip)\n"
  "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n");

static void trapped(int sig, siginfo_t *info, void *context) {
  (void)sig; (void)info;
  static const int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
  for (int i = 0; i < 16; i++) out.regs[i] = m->gregs[order[i]];
  out.flags = m->gregs[REG_EFL];
  out.pc = m->gregs[REG_RIP];
  out.trap = m->gregs[REG_TRAPNO];
  memcpy(out.xmm, m->fpregs->_xmm, 256);
  siglongjmp(back, 1);
}

int main(void) {
  mmap(CODE, 0x1000, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  mmap(DATA, DATA_SIZE, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  stack_t stack = {.ss_sp = alt_stack, .ss_size = sizeof alt_stack};
  sigaltstack(&stack, 0);
  struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
  for (int i = 0; i < 5; i++) sigaction(signals[i], &action, 0);
  __asm__ volatile("fxsave64 %0" : "=m"(st.fx));
  static uint8_t clean[512];
  memcpy(clean, st.fx, 512);

  struct input in;
  while (fread(&in, sizeof in, 1, stdin) == 1) {
    memset(DATA, 0, DATA_SIZE);
    memcpy(SHOWN, in.data, 512);
    memcpy(CODE, in.code, in.length);
    uint8_t *end = CODE + in.length;
    uint64_t stub = (uint64_t)leave_stub;
    if (in.mode32) {
      /* A far jump back to 64-bit code. */
      *end = 0xea;
      memcpy(end + 1, &stub, 4);
      memcpy(end + 5, "\x33\0", 2);
    } else {
      /* jmp *0(%rip) to the stub */
      memcpy(end, "\xff\x25\0\0\0\0", 6);
      memcpy(end + 6, &stub, 8);
    }
    st.start = (uint64_t)(in.mode32 ? start32 : start64);
    st.target32 = (uint32_t)(uint64_t)CODE;
    st.selector32 = 0x23;
    memcpy(st.regs, in.regs, 128);
    st.flags = (in.flags & 0xcd5) | 0x202;
    memcpy(st.fx, clean, 512);
    memcpy(st.fx + 160, in.xmm, 256);
    st.target = (uint64_t)CODE;
    out.trap = -1;
    if (sigsetjmp(back, 1) == 0) {
      enter();
      memcpy(out.regs, st.regs, 128);
      out.flags = st.flags;
      out.pc = (uint64_t)end;
      memcpy(out.xmm, st.fx + 160, 256);
    }
    memcpy(out.data, SHOWN, 512);
    fwrite(&out, sizeof out, 1, stdout);
  }
  return 0;
}
