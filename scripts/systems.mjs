/**
 * npm run systems: Debian's programs in a guest, and the very same binaries on this computer; they must print the same.
 *
 *   npm run systems                         every check, on Debian 12's kernel
 *   npm run systems -- cc node --kernel 6.12   some checks; kernels: default (6.1), 6.12, 686 (32-bit, with 32-bit programs)
 *
 * Other options: --emulator "qemu-system-x86_64 -accel tcg" (another one), --node PATH, --args "-smp 2 -cpu max" (more for the
 * emulator), --append (kernel parameters), --verbose (the console). `clocks` alone, with --minutes 4: the PC's clocks beside each other and the host's, over stop and cont.
 * Exit status 1 when anything differs. Needs apt and unshare (Linux); the first run fetches 110 MB.
 */
import { parseArgs } from 'node:util';
import { bootstrap, main, progress, ROOT } from './bootstrap.mjs';
import { CHECKS } from './systems/checks.mjs';

main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      kernel: { type: 'string', default: 'default' },
      emulator: { type: 'string' },
      node: { type: 'string', default: process.execPath },
      args: { type: 'string', default: '' },
      append: { type: 'string', default: '' },
      verbose: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '4' },
    },
  });
  const emulator = values.emulator?.split(' ') ?? [values.node, `${ROOT}/packages/cli/bin/nandu-system-x86_64.mjs`];
  if (positionals[0] === 'clocks') return clocks(values, emulator);
  const names = positionals.length === 0 || positionals[0] === 'all' ? Object.keys(CHECKS) : positionals;
  const unknown = names.find((name) => !CHECKS[name]);
  if (unknown) throw new Error(`no check '${unknown}': there are ${Object.keys(CHECKS).join(', ')}`);
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
  const result = await runClocks({ kernel, emulator, minutes: Number(minutes), progress });
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
