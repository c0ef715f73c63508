/** The commands of the repository itself (`npm start` and its like), as far as they need nothing installed, built or fetched. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../../..');

function script(name: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts', `${name}.mjs`), ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

it.each(['start', 'demo', 'bench', 'fuzz', 'systems', 'build', 'test'])('%s explains itself', (name) => {
  const { status, stdout, stderr } = script(name, '--help');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(new RegExp(`^npm (run )?${name}\\b`));
});

it.each([
  ['start', ['--bogus'], "npm start: Unknown option '--bogus'\nnpm start -- --help lists the options\n"],
  ['start', ['vmlinuz'], "npm start: Unexpected argument 'vmlinuz'\nnpm start -- --help lists the options\n"],
  ['start', ['--kernel', 'vmlinuz'], '--kernel and --initrd go together\n'],
  ['bench', ['--rounds', 'some'], "npm run bench: --rounds takes a number, not 'some'\nnpm run bench -- --help lists the options\n"],
  ['bench', ['--parts', 'boot,sweet'], "no part 'sweet': there are boot, suite, memory, latency, scale\n"],
])('%s %j ends with a sentence and status 1', (name, args, stderr) => {
  expect(script(name, ...args)).toEqual({ status: 1, stdout: '', stderr });
});
