/*
 * Reads every clock of a PC at the same moment, the next change of the real-time clock's second. `clocks start` sets up the PIT's
 * second channel and the local APIC's timer (the kernel must not use it: nolapic_timer); `clocks` prints one line of counters.
 * Needs iomem=relaxed on the kernel's command line, for /dev/mem.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PM_TIMER = 0x608, TRIES = 300, SECONDS = 20, CLOSE_TICKS = 1000000 /* 1 ms */ };

static volatile uint32_t *hpet, *lapic;

static uint64_t tsc(void) {
	uint32_t low, high;
	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}
static volatile uint32_t *map(int file, off_t address) { return mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, address); }
static int bcd(int index) {
	outb(index, 0x70);
	int v = inb(0x71);
	return (v >> 4) * 10 + (v & 15);
}
static uint16_t pit(void) {
	outb(0x80, 0x43); /* latch channel 2 */
	uint16_t low = inb(0x42);
	return low | inb(0x42) << 8;
}

/*
 * The second of the day that the real-time clock changes to next, and the TSC at that moment. Others want the processor, too: where the
 * change came while they had it, it was seen late; then on to the next one, and who has slept is let in first.
 */
static int next_second(uint64_t *edge) {
	int rtc = 0;
	uint64_t closest = ~0ull;
	for (int i = 0; i < SECONDS && closest > CLOSE_TICKS; i++) {
		if (i > 0) usleep(950000);
		int second = bcd(0), now;
		uint64_t before, begun = tsc(), after;
		do before = begun, begun = tsc();
		while ((now = bcd(0)) == second);
		after = tsc();
		if (after - before >= closest) continue;
		closest = after - before, *edge = after, rtc = bcd(4) * 3600 + bcd(2) * 60 + now;
	}
	return rtc;
}

int main(int argc, char **argv) {
	int file = open("/dev/mem", O_RDWR | O_SYNC);
	if (file < 0 || iopl(3) != 0 || (hpet = map(file, 0xfed00000)) == MAP_FAILED || (lapic = map(file, 0xfee00000)) == MAP_FAILED) return perror("clocks"), 1;
	if (argc > 1 && strcmp(argv[1], "start") == 0) {
		outb((inb(0x61) & ~2) | 1, 0x61); /* gate on, speaker off */
		outb(0xb4, 0x43);                 /* channel 2, rate generator */
		outb(0, 0x42), outb(0, 0x42);
		lapic[0x320 / 4] = 0x10000 | 0x20000 | 0xf0; /* masked, periodic */
		lapic[0x3e0 / 4] = 10;                       /* divide by 128 */
		lapic[0x380 / 4] = 0xffffffff;
	}
	uint64_t edge = 0;
	int rtc = next_second(&edge);
	uint64_t best = ~0ull, at = 0, count = 0, raw = 0;
	uint32_t pm = 0, apic = 0;
	uint16_t channel = 0;
	for (int i = 0; i < TRIES; i++) {
		struct timespec t;
		uint64_t begin = tsc();
		uint32_t high = hpet[0xf4 / 4], low = hpet[0xf0 / 4], p = inl(PM_TIMER), a = lapic[0x390 / 4];
		uint16_t c = pit();
		clock_gettime(CLOCK_MONOTONIC_RAW, &t);
		uint64_t end = tsc();
		if (end - begin >= best || hpet[0xf4 / 4] != high) continue;
		best = end - begin, at = begin, count = (uint64_t)high << 32 | low, pm = p, apic = a, channel = c, raw = t.tv_sec * 1000000000ull + t.tv_nsec;
	}
	printf("CLOCKS {\"rtc\":%d,\"edge\":%llu,\"tsc\":%llu,\"hpet\":%llu,\"hpetFs\":%u,\"pm\":%u,\"lapic\":%u,\"pit\":%u,\"raw\":%llu,\"took\":%llu}\n",
		rtc, (unsigned long long)edge, (unsigned long long)at, (unsigned long long)count, hpet[1], pm, ~apic, channel, (unsigned long long)raw, (unsigned long long)best);
	return 0;
}
