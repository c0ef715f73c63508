# gcc compiles a program without and with optimisation; its assembler output and what the program prints are compared.
cd /tmp
for flags in -O0 -O2; do
	gcc $flags -S -o program.s /checks/program.c && sha256sum < program.s
	gcc $flags -o program /checks/program.c -lm && ./program
done
