/** The guest's console as the checks' results, and where two texts differ. */

/** The marks are those of systems/init. */
export function parseConsole(console) {
  const text = console.replaceAll('\r', '');
  const checks = {};
  for (const [, name, output, status, start, end] of text.matchAll(/^CHECK-BEGIN (\w+)\n(.*?)^CHECK-END \1 (\d+) ([\d.]+) ([\d.]+)$/gms)) {
    checks[name] = { text: output, status: Number(status), seconds: end - start };
  }
  const kernel = /^KERNEL-BEGIN\n(.*?)^KERNEL-END$/ms.exec(text)?.[1];
  return {
    checks,
    system: /^SYSTEM-READY (.*)$/m.exec(text)?.[1] ?? 'no system',
    complaints: (kernel ?? '').split('\n').filter(Boolean),
    finished: kernel !== undefined,
    tail: text.split('\n').slice(-12),
  };
}

const MOST = 20;

/** Lines that differ, at most twenty: the guest's, then the host's. */
export function compareText(guest, host) {
  if (guest === host) return [];
  const [left, right] = [guest.split('\n'), host.split('\n')];
  const differences = [];
  for (let i = 0; i < Math.max(left.length, right.length) && differences.length < MOST; i++) {
    if (left[i] !== right[i]) differences.push(`line ${i + 1}: guest ${JSON.stringify(left[i])}`, `line ${i + 1}:  here ${JSON.stringify(right[i])}`);
  }
  return differences;
}
