/**
 * npm run conformance: other people's tests of processors and PCs, which are fetched and built elsewhere.
 *
 *   npm run conformance -- --kvm-unit-tests ../kvm-unit-tests     a built tree of kvm-unit-tests, x86_64 or i386
 *   npm run conformance -- --programs ../qemu-tests               static Linux programs: the guest and this computer must agree
 *
 * docs/conformance.md says how both come to be, and what is known of their results.
 */
import { bootstrap, main, progress, ROOT } from './bootstrap.mjs';

const COMMAND = {
  name: 'npm run conformance',
  about: "Others' tests of processors and PCs: a built tree of kvm-unit-tests, or a folder of static programs that must do the same here and in a guest.",
  options: {
    'kvm-unit-tests': { value: 'FOLDER', help: 'a built tree' },
    programs: { value: 'FOLDER', help: 'static Linux programs, each run without arguments' },
    only: { value: 'REGEXP', help: 'tests whose names match', default: '' },
    skip: { value: 'REGEXP', help: 'leaves tests out' },
    limit: { value: 'N', help: 'seconds that a test may take', default: 90 },
    logs: { value: 'FOLDER', help: 'keeps what each test printed' },
    emulator: { value: 'COMMAND', help: 'another one, such as "qemu-system-x86_64 -accel tcg"' },
    args: { value: 'OPTIONS', help: 'more for the emulator', default: '' },
  },
};

main(COMMAND, async ({ values }) => {
  const { 'kvm-unit-tests': suite, programs } = values;
  if (!suite && !programs) throw new Error('nothing to run: name --kvm-unit-tests or --programs');
  await bootstrap();
  const command = values.emulator?.split(' ') ?? [process.execPath, `${ROOT}/packages/cli/bin/nandu-system-x86_64.mjs`];
  const options = {
    emulator: [...command, ...values.args.split(' ').filter(Boolean)],
    isWanted: (name) => new RegExp(values.only).test(name) && !(values.skip && new RegExp(values.skip).test(name)),
    limitMs: values.limit * 1000,
    logs: values.logs,
    progress,
  };
  const print = (row) => process.stdout.write(`${row}\n`);
  const passed = [];
  if (suite) {
    const { runKvmUnitTests } = await import('./conformance/kvm-unit-tests.mjs');
    passed.push(await runKvmUnitTests(suite, options, print));
  }
  if (programs) {
    const { runPrograms } = await import('./conformance/programs.mjs');
    passed.push(await runPrograms(programs, options, print));
  }
  progress('');
  if (passed.includes(false)) process.exitCode = 1;
});
