/** Emulators as processes, and what Linux tells about them: processor time of all threads, resident memory. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const TICKS_A_SECOND = 100;

/** User and system seconds so far. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

export function residentMiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

/** Starts an emulator whose console is its standard output; `until(pattern)` resolves with what came so far. */
export function start([command, ...args]) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let text = '';
  let errors = '';
  let waiting = () => {};
  child.stdout.setEncoding('latin1');
  child.stdout.on('data', (data) => waiting((text += data)));
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (data) => (errors += data));
  const closed = new Promise((resolve) => {
    const ended = () => {
      process.off('exit', kill);
      waiting(text);
      resolve();
    };
    child.on('close', ended);
    child.on('error', (error) => {
      errors += `${error.message}\n`;
      ended();
    });
  });
  return {
    pid: child.pid,
    closed,
    errors: () => errors,
    text: () => text,
    until: (pattern, timeoutMs = 300_000) =>
      new Promise((resolve, reject) => {
        const fail = (why) => reject(new Error(`${command} ${why} before ${pattern}:\n${errors}${text.slice(-1000)}`));
        const timer = setTimeout(() => fail('said nothing'), timeoutMs);
        const look = () => {
          if (!pattern.test(text) && child.exitCode === null && child.signalCode === null) return;
          clearTimeout(timer);
          waiting = () => {};
          if (pattern.test(text)) resolve(text);
          else fail('ended');
        };
        waiting = look;
        look();
      }),
    async stop() {
      kill();
      await closed;
    },
  };
}
