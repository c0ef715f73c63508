# stress-ng verifies its own results; only verdicts are printed, since the rest depends on speed. Methods that it lacks are no failure.
cd /tmp
try() {
	busybox timeout 120 stress-ng --verify "$@" > stress.log 2>&1
	status=$?
	if grep -q 'must be one of\|unrecognized option\|not implemented\|skipped' stress.log; then return; fi
	echo "$*: status $status"
	if [ $status != 0 ] || grep -q fail: stress.log; then sed 's/^/ /' stress.log; fi
}
cpu='ackermann bitops callfunc cdouble cfloat clongdouble collatz correlate crc16 decimal64 decimal128 dither div8 div16 div32 div64 div128 double euler explog factorial fft fibonacci fletcher16 float float80 float128 floatconversion gamma gcd gray hamming hanoi hyperbolic idct int128 int64 int32 int16 int8 int128float int64double int64longdouble int32float int32double int32longdouble intconversion ipv4checksum jmp lfsr32 ln2 logmap longdouble loop matrixprod nsqrt omega parity phi pi prime psi rand rand48 rgb sieve sqrt stats trig union zeta'
for method in $cpu; do try --cpu 1 --cpu-method $method --cpu-ops 1; done
for method in flip gray incdec inc-nybble rand-set rand-sum ror swap move-inv modulo-x read64 rowhammer walk-0d walk-1a zero-one write64 checkerboard; do
	try --vm 1 --vm-method $method --vm-bytes 1m --vm-ops 1
done
for work in matrix str wcs hash tree memcpy cacheline; do try --$work 1 --$work-ops 5 --$work-method all; done
for work in vecmath vecwide qsort bsearch longjmp sigfpe sigsegv fork mremap mprotect crypt tsc atomic fp regs nop goto funccall funcret switch pipe futex zlib sem shm mmap; do
	try --$work 1 --$work-ops 5
done
