/** The program itself: what it prints, its status, its signals. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../bin/nandu-system-x86_64.mjs', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'nandu-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[]): { child: ChildProcess; ended: Promise<Ended>; saying: (text: string) => Promise<void> } {
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, stdio: 'pipe' });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (bytes) => {
    stdout += bytes;
  });
  child.stderr.on('data', (bytes) => {
    stderr += bytes;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
  const saying = async (text: string): Promise<void> => {
    while (!(stdout + stderr).includes(text)) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { child, ended, saying };
}

async function run(args: readonly string[], input = ''): Promise<Ended> {
  const { child, ended } = start(args);
  child.stdin?.end(input);
  return ended;
}

const NONE = ['-M', 'none', '-display', 'none', '-S'];
const withoutTimes = (text: string): string => text.replace(/"timestamp": \{[^}]*\}/g, '"timestamp": T');

it('answers QMP on standard input and ends with quit', async () => {
  const { status, stdout, stderr } = await run([...NONE, '-qmp', 'stdio'], '{"execute":"qmp_capabilities"}\n{"execute":"query-status"}\n{"execute":"quit"}\n');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(withoutTimes(stdout).split('\r\n')).toEqual([
    '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Nandu 0.1.0"}, "capabilities": ["oob"]}}',
    '{"return": {}}',
    '{"return": {"status": "prelaunch", "singlestep": false, "running": false}}',
    '{"timestamp": T, "event": "SHUTDOWN", "data": {"guest": false, "reason": "host-qmp-quit"}}',
    '{"return": {}}',
    '',
  ]);
});

it('says which signal ended it, on stderr and in an event', async () => {
  const { child, ended, saying } = start([...NONE, '-qmp', 'stdio']);
  child.stdin?.write('{"execute":"qmp_capabilities"}\n');
  await saying('"return"');
  child.kill('SIGTERM');
  const { status, stdout, stderr } = await ended;
  expect({ status, stderr }).toEqual({ status: 0, stderr: 'nandu-system-x86_64: terminating on signal 15\n' });
  expect(stdout).toContain('"event": "SHUTDOWN", "data": {"guest": false, "reason": "host-signal"}}\r\n');
});

it.each(['SIGINT', 'SIGHUP', 'SIGTERM'] as const)('ends on %s without a word where a test drives it, as QEMU does', async (signal) => {
  const { child, ended, saying } = start([...NONE, '-qmp', 'stdio', '-qtest', 'unix:qtest.sock,server=on,wait=off', '-qtest-log', 'none']);
  child.stdin?.write('{"execute":"qmp_capabilities"}\n');
  await saying('"return"');
  child.kill(signal);
  const { status, stderr } = await ended;
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

it('serves a monitor on a socket to one client after the other, and refuses a socket in use', async () => {
  const { child, ended } = start([...NONE, '-monitor', 'unix:hmp.sock,server=on,wait=off', '-qmp', 'unix:qmp.sock,server=on,wait=off']);
  const talk = async (text: string): Promise<string> => {
    for (let tries = 0; ; tries++) {
      try {
        return await new Promise((resolve, reject) => {
          let heard = '';
          const socket = connect(join(folder, 'hmp.sock'), () => socket.write(text));
          socket.on('error', reject);
          socket.on('data', (bytes) => {
            heard += bytes;
            if (heard.includes('(prelaunch)') || heard.endsWith('quit\x1b[K\r\n')) socket.end();
          });
          socket.on('close', () => resolve(heard));
        });
      } catch (error) {
        if (tries > 1500) throw error;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  };
  const BANNER = /^QEMU 7\.2\.22 monitor/;
  expect(await talk('info status\n')).toMatch(BANNER);
  expect(await talk('info status\n')).toMatch(BANNER);
  const second = await run([...NONE, '-monitor', 'unix:hmp.sock,server=on,wait=off']);
  expect(second).toEqual({
    status: 1,
    stdout: '',
    stderr: 'nandu-system-x86_64: -monitor unix:hmp.sock,server=on,wait=off: Failed to bind socket to hmp.sock: Address already in use\n',
  });
  await talk('quit\n');
  expect((await ended).status).toBe(0);
  void child;
}, 20_000);

it('refuses at once base RAM that this computer could never back', async () => {
  const { status, stderr } = await run(['-m', '900G', '-nographic', '-S']);
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^nandu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory\n900 GiB were asked for; this computer can back [\d.]+ GiB at most\n$/,
  );
});

it('leaves at once by C-a x', async () => {
  // There is no serial port on this machine, so the monitor has the terminal from the start.
  const { status, stdout, stderr } = await run(['-M', 'none', '-nographic', '-S'], '\x01x');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^QEMU 7\.2\.22 monitor [^\r]+\r\n\(qemu\) QEMU: Terminated\n\r$/);
});

/** `script` (of every Debian) runs a command in a terminal of its own, which goes with it. */
const HAS_SCRIPT = existsSync('/usr/bin/script');

(HAS_SCRIPT ? it : it.skip)('ends well when its terminal is closed', async () => {
  const [status, errors] = [join(folder, 'status'), join(folder, 'errors')];
  // A shell passes the hang-up on to what it runs.
  const command = `trap 'kill -HUP $job' HUP; '${process.execPath}' '${PROGRAM}' -M none -nographic -S < /dev/tty 2> '${errors}' & job=$!; wait $job; wait $job; echo $? > '${status}'`;
  const terminal = spawn('/usr/bin/script', ['-qec', command, '/dev/null'], { stdio: 'pipe', env: { ...process.env, SHELL: '/bin/sh' } });
  await new Promise<void>((resolve) => terminal.stdout.on('data', (bytes) => String(bytes).includes('(qemu)') && resolve()));
  terminal.kill('SIGKILL');
  while (!existsSync(status) || readFileSync(status, 'utf8') === '') await new Promise((resolve) => setTimeout(resolve, 20));
  expect(readFileSync(status, 'utf8')).toBe('0\n');
  expect(readFileSync(errors, 'utf8')).toBe('nandu-system-x86_64: terminating on signal 1\n');
});

it.each([
  ['throws', 'throw new Error("out of cheese")', /Could not load plugin \.\/throws\.mjs: out of cheese\n$/],
  ['is-none', 'export default 7', /its default export is not a plugin/],
  ['has-a-plain-class', 'export default { name: "x", types: [class Plain {}] }', /'Plain' in its 'types' is no class with @type or @device\n$/],
  [
    'fails-later',
    'export default { name: "x", bind() { throw new Error("out of bread"); } }',
    /^nandu-system-x86_64: plugin \.\/fails-later\.mjs failed: Error: out of bread\n/,
  ],
  ['has-a-number', 'export default { name: "x", types: 3 }', /its 'types' are no list of classes\n$/],
  ['has-a-function', 'export default { name: "x", commands: [() => {}] }', /its 'commands' are not all made by qmpCommand or hmpCommand\n$/],
])('tells of a plugin that %s', async (name, source, message) => {
  writeFileSync(join(folder, `${name}.mjs`), source);
  const { status, stderr } = await run([...NONE, '-plugin', `./${name}.mjs`]);
  expect(status).toBe(1);
  expect(stderr).toMatch(message);
});
