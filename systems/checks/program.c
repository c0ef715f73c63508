/* Integer, floating-point, string and library code whose output depends on the instructions only. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 88172645463325252u;
static uint64_t next(void) {
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static int compare(const void *a, const void *b) {
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static uint64_t mix(uint64_t h, const void *p, size_t n) {
	for (const unsigned char *c = p; n--; c++) h = (h ^ *c) * 1099511628211u;
	return h;
}

static sigjmp_buf back;
static void trapped(int signal) { siglongjmp(back, signal); }

static void integers(void) {
	uint64_t h = 0;
	for (int i = 0; i < 20000; i++) {
		uint64_t a = next(), b = next() | 1;
		int64_t s = (int64_t)b >> (a & 31);
		uint64_t r[] = {a / b, a % (b >> 20 | 1), (uint64_t)((int64_t)a / (s | 1)), a * b, a << (b & 63), a >> (b & 63), (uint64_t)((int64_t)a >> (b & 63)),
			(uint64_t)__builtin_clzll(b), (uint64_t)__builtin_ctzll(b), (uint64_t)__builtin_popcountll(a), __builtin_bswap64(a), (uint32_t)a / (uint32_t)(b | 1)};
		h = mix(h, r, sizeof r);
#ifdef __SIZEOF_INT128__
		__uint128_t w = (__uint128_t)a * b;
		uint64_t v[] = {(uint64_t)w, (uint64_t)(w >> 64), (uint64_t)(w / (a >> 40 | 1) >> 13)};
		h = mix(h, v, sizeof v);
#endif
	}
	printf("integers %016" PRIx64 "\n", h);
}

static void floats(void) {
	uint64_t h = 0, l = 0;
	float f = 1;
	for (int i = 0; i < 20000; i++) {
		double a = (double)(int64_t)next() / 4294967296.0, b = ldexp((double)(next() >> 11), (int)(next() % 64) - 80);
		double r[] = {a + b, a - b, a * b, a / (b + 1), sqrt(fabs(a)), (double)(float)a, floor(a), rint(b), (double)(int64_t)a, (double)(uint32_t)(int64_t)b, fmod(a, b + 1)};
		h = mix(h, r, sizeof r);
		f = f * 1.0001f + (float)b / (1 + fabsf(f));
		h = mix(h, &f, sizeof f);
		long double x = (long double)a * b + 1 / (long double)(b + 3);
		long double y[] = {x, sqrtl(fabsl(x)), rintl(x), ldexpl(x, 3)};
		for (int k = 0; k < 4; k++) l = mix(l, &y[k], 10);
		int64_t t = (int64_t)y[3];
		l = mix(l, &t, sizeof t);
	}
	printf("floats %016" PRIx64 " extended %016" PRIx64 "\n", h, l);
	for (double v = 0.1; v < 3; v += 0.37) printf("%.17g %a %.20Lg %La\n", v, v / 3, (long double)v / 7, (long double)v * v);
	long double v = 0.1L;
	printf("%.21Lg %.21Lg %.21Lg %.21Lg\n", sinl(v), expl(v), logl(v), atan2l(v, 2));
	printf("%.9g %.9g %.17g %.17g %.17g\n", sinf(1.5f), powf(2.5f, 3.5f), cbrt(2), hypot(3e200, 4e200), lgamma(4.5));
}

static void strings(void) {
	static char a[5000], b[5000];
	uint64_t h = 0;
	for (int i = 0; i < 3000; i++) {
		size_t n = next() % 4000, at = next() % 64;
		memset(a + at, 'a' + i % 26, n);
		a[at + n] = 0;
		memcpy(b + i % 32, a + at, n + 1);
		memmove(b + 7, b, n);
		size_t r[] = {strlen(a + at), (size_t)(strchr(a + at, 'c') != 0), (size_t)(memcmp(a, b, n) > 0), (size_t)(strcmp(a + at, b + 1) > 0)};
		h = mix(h, r, sizeof r);
	}
	char text[200], *end;
	for (int i = 0; i < 300; i++) {
		snprintf(text, sizeof text, "%lld %.15e %x", (long long)next(), (double)next() * 1e-30, (unsigned)next());
		long long n = strtoll(text, &end, 10);
		double d = strtod(end, &end);
		h = mix(mix(mix(h, text, strlen(text)), &n, sizeof n), &d, sizeof d);
	}
	printf("strings %016" PRIx64 "\n", h);
}

int main(void) {
	integers();
	floats();
	strings();
	static uint32_t numbers[20000];
	for (int i = 0; i < 20000; i++) numbers[i] = next();
	qsort(numbers, 20000, sizeof *numbers, compare);
	printf("sorted %u %u %u\n", numbers[0], numbers[10000], numbers[19999]);
	signal(SIGFPE, trapped);
	signal(SIGSEGV, trapped);
	static volatile int zero, thousand = 1000, *nowhere;
	int caught = sigsetjmp(back, 1);
	printf("caught %d\n", caught);
	if (caught == 0) return thousand / zero;
	if (caught == SIGFPE) return *nowhere;
	return 0;
}
