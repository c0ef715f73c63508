/*
 * A kernel without an operating system that measures what devices cost: accesses to ports and registers, and how late the
 * interrupt of a timer reaches its handler while the processor is busy. Multiboot, 32 bits, one processor. Time is the HPET's
 * counter. Prints lines `name value unit` on the first serial port and leaves through isa-debug-exit (iobase 0x501).
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned u32;
typedef unsigned long long u64;

enum { HPET = 0xfed00000, LAPIC = 0xfee00000, COM1 = 0x3f8, TIMES = 400, GAP_US = 1500 };

/* Multiboot header with addresses (Multiboot Specification 0.6.96, section 3.1), and the entry. */
extern char load_end[], bss_end[];
__asm__(".section .head, \"a\"\n"
	"head: .long 0x1badb002, 0x10000, -(0x1badb002 + 0x10000), head, head, load_end, bss_end, start\n"
	".globl start\nstart: mov $stack_top, %esp\n call main\n"
	".section .bss\n .align 16\n .skip 8192\nstack_top:\n.text\n"
	".globl timer_entry\ntimer_entry: pusha\n cld\n call timer\n popa\n iret\n"
	".globl probe_entry\nprobe_entry: push %eax\n push %edx\n mov $0x5f0, %dx\n mov $0, %al\n out %al, %dx\n mov $0x20, %al\n out %al, $0x20\n pop %edx\n pop %eax\n iret\n"
	".globl other_entry\nother_entry: pusha\n mov $0x20, %al\n out %al, $0x20\n popa\n iret\n");
extern char timer_entry[], probe_entry[], other_entry[];

static inline void outb(u16 port, u8 value) { __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
static inline u8 inb(u16 port) { u8 v; __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port)); return v; }
static inline volatile u32 *reg(u32 address) { return (volatile u32 *)address; }
static inline u32 now(void) { return *reg(HPET + 0xf0); }

static void put(char c) {
	while (!(inb(COM1 + 5) & 0x20)) { }
	outb(COM1, c);
}
static void text(const char *s) { while (*s) put(*s++); }
static void number(u32 n) {
	if (n >= 10) number(n / 10);
	put('0' + n % 10);
}
static void line(const char *name, u32 value, const char *unit) {
	text(name); put(' '); number(value); put(' '); text(unit); put('\n');
}

static u32 period_ps; /* of the HPET, in picoseconds */
static volatile u32 hits, sink;
static u32 late[TIMES], due;

/* 64 by 32 bits, where the quotient fits: no libgcc here. */
static u32 divide(u64 a, u32 b) {
	u32 q, r;
	__asm__("divl %4" : "=a"(q), "=d"(r) : "0"((u32)a), "1"((u32)(a >> 32)), "r"(b));
	return q;
}
static u32 ticks(u32 us) { return divide((u64)us * 1000000, period_ps); }
/* In picoseconds for each of n, at most 4 ms in all. */
static u32 each_ps(u32 ticks_, u32 n) { return divide((u64)ticks_ * period_ps, n); }

static void arm(void) {
	due = now() + ticks(GAP_US);
	*reg(HPET + 0x108) = due;
	*reg(HPET + 0x10c) = 0;
}
void timer(void) {
	u32 at = now();
	if (hits < TIMES) late[hits] = (int)(at - due) < 0 ? 0 : at - due; /* QEMU may be a tick early */
	hits++;
	outb(0x20, 0x20);
	arm();
}

static void loop_nothing(u32 n) { while (n--) __asm__ volatile("" ::: "memory"); }
static void loop_out80(u32 n) { while (n--) outb(0x80, 0); }
static void loop_serial(u32 n) { while (n--) inb(COM1 + 5); }
static void loop_pic(u32 n) { while (n--) inb(0x21); }
static void loop_pci(u32 n) { while (n--) inb(0xcfb); }
static void loop_hpet(u32 n) { while (n--) now(); }
static void loop_hpet_config(u32 n) { while (n--) *reg(HPET + 0x10); }
static void loop_hpet_write(u32 n) { while (n--) *reg(HPET + 0x20) = 0; }
static void loop_lapic(u32 n) { while (n--) *reg(LAPIC + 0x20); }
static void loop_ram(u32 n) { while (n--) *(volatile u32 *)&sink; }

static const struct { const char *name; void (*loop)(u32); } LOOPS[] = {
	{"empty-loop", loop_nothing}, {"memory-read", loop_ram}, {"out-80", loop_out80}, {"in-serial-status", loop_serial}, {"in-pic-mask", loop_pic},
	{"in-pci-address", loop_pci}, {"hpet-config-read", loop_hpet_config}, {"hpet-status-write", loop_hpet_write}, {"hpet-counter-read", loop_hpet}, {"lapic-id-read", loop_lapic},
};

static void accesses(void) {
	for (u32 i = 0; i < sizeof LOOPS / sizeof *LOOPS; i++) {
		u32 best = ~0u;
		/* Warm for half a second, then the median would do, but the best is less noisy. */
		for (u32 start = now(); now() - start < ticks(500000);) LOOPS[i].loop(2000);
		for (int round = 0; round < 60; round++) {
			u32 start = now();
			LOOPS[i].loop(5000);
			u32 spent = each_ps(now() - start, 5000);
			if (spent < best) best = spent;
		}
		line(LOOPS[i].name, best, "ps");
	}
}

struct __attribute__((packed)) gate { u16 low, selector; u8 zero, type; u16 high; };
static struct gate idt[256];
static void gate(int vector, char *entry) {
	u32 a = (u32)entry;
	u16 cs;
	__asm__("mov %%cs, %0" : "=r"(cs));
	idt[vector] = (struct gate){(u16)a, cs, 0, 0x8e, (u16)(a >> 16)};
}

static void interrupts(void) {
	static const u8 setup[][2] = {{0x20, 0x11}, {0xa0, 0x11}, {0x21, 0x20}, {0xa1, 0x28}, {0x21, 4}, {0xa1, 2}, {0x21, 1}, {0xa1, 1}, {0x21, 0xfe}, {0xa1, 0xff}};
	for (int v = 0; v < 256; v++) gate(v, other_entry);
	gate(0x20, timer_entry);
	struct __attribute__((packed)) { u16 limit; u32 base; } idtr = {sizeof idt - 1, (u32)idt};
	__asm__ volatile("lidt %0" ::"m"(idtr));
	for (u32 i = 0; i < sizeof setup / sizeof *setup; i++) outb(setup[i][0], setup[i][1]);
	*reg(HPET + 0x100) = 4; /* timer 0: enabled, one shot, edge */
	*reg(HPET + 0x10) = 3;  /* counting, legacy routing: interrupt 0 */
	arm();
	__asm__ volatile("sti");
	u32 x = 1;
	while (hits < TIMES) {
		for (int i = 0; i < 1000; i++) x = x * 1103515245 + 12345;
		sink = x;
	}
	__asm__ volatile("cli");
	for (int i = 1; i < TIMES; i++)
		for (int j = i; j > 0 && late[j] < late[j - 1]; j--) { u32 t = late[j]; late[j] = late[j - 1]; late[j - 1] = t; }
	if (inb(0x5f0) == 0x42) { /* irq-probe.mjs is there, and reports by itself */
		gate(0x25, probe_entry);
		outb(0x21, 0xdf);
		outb(0x5f0, 1);
		__asm__ volatile("sti");
		while (inb(0x5f0) == 0x42)
			for (int i = 0; i < 2000000; i++) { x = x * 1103515245 + 12345; sink = x; }
		__asm__ volatile("cli");
	}
	line("timer-late-median", each_ps(late[TIMES / 2], 1000), "ns");
	line("timer-late-p95", each_ps(late[TIMES * 95 / 100], 1000), "ns");
	line("timer-late-most", each_ps(late[TIMES - 1], 1000), "ns");
}

void main(void) {
	for (u8 i = 0; i < 1; i++) outb(COM1 + 1, 0), outb(COM1 + 3, 0x83), outb(COM1, 1), outb(COM1 + 1, 0), outb(COM1 + 3, 3);
	period_ps = *reg(HPET + 4) / 1000;
	*reg(HPET + 0x10) = 1;
	text("LATENCY-BEGIN\n");
	accesses();
	interrupts();
	text("LATENCY-END\n");
	outb(0x501, 0);
	for (;;) __asm__ volatile("hlt");
}
