/**
 * npm run systems: Debian's programs in a guest, and the very same binaries on this computer; they must print the same.
 *
 *   npm run systems                         every check, on Debian 12's kernel
 *   npm run systems -- cc node --kernel 6.12   some checks; kernels: default (6.1), 6.12, 686 (32-bit, with 32-bit programs)
 *
 * Exit status 1 when anything differs. Needs apt and unshare (Linux); the first run fetches 110 MB.
 */
import { bootstrap, main, needTools, progress, ROOT } from './bootstrap.mjs';
import { CHECKS } from './systems/checks.mjs';

const COMMAND = {
  name: 'npm run systems',
  about: `Debian's programs in a guest, and the very same binaries on this computer, must print the same. Checks: all of
${Object.keys(CHECKS).join(', ')}, unless some are named; or \`clocks\` alone: the PC's clocks beside each other's and the host's.`,
  words: '[CHECK…]',
  options: {
    kernel: { value: 'NAME', help: 'default (6.1), 6.12, or 686: 32-bit, with 32-bit programs', default: 'default' },
    emulator: { value: 'COMMAND', help: 'another one, such as "qemu-system-x86_64 -accel tcg"' },
    node: { value: 'FILE', help: 'another Node to run Nandu on', default: process.execPath },
    args: { value: 'OPTIONS', help: 'more for the emulator, such as "-smp 2 -cpu max"', default: '' },
    append: { value: 'TEXT', help: 'kernel parameters', default: '' },
    verbose: { help: "the guest's console" },
    minutes: { value: 'N', help: 'how long clocks are compared', default: 4 },
  },
};

main(COMMAND, async ({ values, words }) => {
  const emulator = values.emulator?.split(' ') ?? [values.node, `${ROOT}/packages/cli/bin/nandu-system-x86_64.mjs`];
  if (words[0] === 'clocks') return clocks(values, emulator);
  const names = words.length === 0 || words[0] === 'all' ? Object.keys(CHECKS) : words;
  const unknown = names.find((name) => !CHECKS[name]);
  if (unknown) throw new Error(`no check '${unknown}': there are ${Object.keys(CHECKS).join(', ')}`);
  needTools(COMMAND.name, ['unshare', 'chroot']);
  await bootstrap();
  const { runSystems } = await import('./systems/run.mjs');
  const split = (text) => text.split(' ').filter(Boolean);
  const { kernel, append, verbose } = values;
  const results = await runSystems({ names, kernel, append, verbose, emulator: [...emulator, ...split(values.args)], progress });
  progress('');
  for (const { name, verdict, seconds, differences } of results.checks) {
    process.stdout.write(`${name.padEnd(10)} ${verdict}${seconds === undefined ? '' : `  ${seconds.toFixed(1)} s in the guest`}\n`);
    for (const line of differences) process.stdout.write(`    ${line}\n`);
  }
  for (const line of results.complaints) process.stdout.write(`kernel: ${line}\n`);
  process.stdout.write(`${results.system}: boot to the first process ${results.bootSeconds?.toFixed(1) ?? '?'} s\n`);
  if (results.failed) process.exitCode = 1;
});

async function clocks({ kernel, minutes }, emulator) {
  await bootstrap();
  const { runClocks } = await import('./systems/clocks.mjs');
  const result = await runClocks({ kernel, emulator, minutes, progress });
  progress('');
  const print = (line) => process.stdout.write(`${line}\n`);
  print(`${result.samples} samples over ${result.seconds.toFixed(0)} s; ${result.events.join(', ')}; clocksource ${result.source}`);
  print(`TSC ${(result.tscHz / 1e6).toFixed(4)} MHz, local APIC's timer ${(result.lapicHz / 1e6).toFixed(3)} MHz`);
  for (const { name, worstMs, limitMs, agrees } of result.clocks) {
    print(`${name.padEnd(6)} ${agrees ? 'agrees  ' : 'DISAGREES'} at most ${worstMs.toFixed(3)} ms from the HPET (${limitMs} allowed)`);
  }
  for (const line of result.complaints) print(`kernel: ${line}`);
  if (result.complaints.length > 0 || result.clocks.some(({ agrees }) => !agrees)) process.exitCode = 1;
}
