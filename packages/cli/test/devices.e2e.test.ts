/**
 * Linux's own drivers on virtio-balloon and virtio-rng, hot-plug on PCI, and what stops and restarts a running guest. Skipped,
 * with the reason, where Debian's packages cannot be had; never on CI (NANDU_REQUIRE_GUEST).
 */
import type { GuestFiles } from '@nandu/guest-linux';
import { EmulatorSession } from '@nandu/testkit';
import { guestOrReason, PROGRAM } from './guest.js';

const MiB = 2 ** 20;
const MINUTES = 60_000;
const RNG_PCI_ID = '0x1af4:0x1005';
const files = await guestOrReason('default');

const machine = ({ kernel, initrd }: GuestFiles): string[] => [
  ...['-m', '1G', '-device', 'virtio-balloon-pci,id=balloon0', '-kernel', kernel, '-initrd', initrd, '-append', 'console=ttyS0'],
];

const start = (args: readonly string[]): Promise<EmulatorSession> => EmulatorSession.start({ command: PROGRAM, args, timeoutMs: 2 * MINUTES });

describe('a guest with 1 GiB', () => {
  if (typeof files === 'string') {
    it.skip(`boots: ${files}`, () => {});
    return;
  }
  let session: EmulatorSession;

  const meminfo = async (field: string): Promise<number> =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(await session.guest('cat /proc/meminfo'))?.[1]) / 1024;
  const balloonMiB = async (): Promise<number> => ((await session.qmp('query-balloon')) as { actual: number }).actual / MiB;
  const vendors = (): Promise<string> =>
    session.guest('for d in /sys/bus/pci/devices/*; do echo $(cat $d/vendor):$(cat $d/device); done').then((text) => text.replaceAll('\n', ' '));
  const event = (name: string) => session.events.find((e) => e.event === name);

  beforeAll(async () => {
    session = await start(machine(files));
    await session.boot();
  }, 3 * MINUTES);
  afterAll(() => session?.stop());

  it(
    'gives memory to the balloon and gets it back',
    async () => {
      expect(await balloonMiB()).toBe(1024);
      const [total, free] = [await meminfo('MemTotal'), await meminfo('MemFree')];
      expect(await session.hmp('balloon 512')).toBe('');
      await session.eventually(balloonMiB, (now) => now === 512);
      expect(await session.hmp('info balloon')).toBe('balloon: actual=512\n');
      // Linux counts ballooned pages out of the total unless the balloon deflates by itself.
      expect(Math.abs(total - (await meminfo('MemTotal')) - 512)).toBeLessThan(1);
      expect(Math.abs(free - (await meminfo('MemFree')) - 512)).toBeLessThan(32);
      expect(event('BALLOON_CHANGE')).toBeDefined();
      await session.qmp('balloon', { value: 1024 * MiB });
      await session.eventually(balloonMiB, (now) => now === 1024);
      expect(await meminfo('MemTotal')).toBe(total);
      // What came back can be used.
      await session.guest('mount -t tmpfs -o size=90% tmpfs /tmp');
      await session.guest('dd if=/dev/zero of=/tmp/big bs=1M count=700 2>/dev/null');
      expect(await session.guest('stat -c %s /tmp/big; rm /tmp/big')).toBe(String(700 * MiB));
    },
    2 * MINUTES,
  );

  it(
    'tells statistics every second when asked to',
    async () => {
      type Statistics = { 'last-update': number; stats: Record<string, number> };
      const path = '/machine/peripheral/balloon0';
      const ask = (): Promise<Statistics> => session.qmp('qom-get', { path, property: 'guest-stats' }) as Promise<Statistics>;
      // The driver's first buffer, when it started, held some already.
      const { 'last-update': first } = await ask();
      await session.qmp('qom-set', { path, property: 'guest-stats-polling-interval', value: 1 });
      const { stats, 'last-update': updated } = await session.eventually(ask, ({ 'last-update': at }) => at > first);
      expect(stats['stat-total-memory']).toBe((await meminfo('MemTotal')) * MiB);
      expect(stats['stat-free-memory']).toBeGreaterThan(512 * MiB);
      expect(Math.abs(updated - Date.now() / 1000)).toBeLessThan(10);
      await session.eventually(ask, ({ 'last-update': at }) => at > updated);
      await session.qmp('qom-set', { path, property: 'guest-stats-polling-interval', value: 0 });
    },
    2 * MINUTES,
  );

  it(
    'takes a random number generator that is plugged in, and lets it go',
    async () => {
      expect(await vendors()).not.toContain(RNG_PCI_ID);
      expect(await session.hmp('device_add virtio-rng-pci,id=rng1')).toBe('');
      await session.eventually(vendors, (text) => text.includes(RNG_PCI_ID), 500);
      const current = (): Promise<string> => session.guest('cat /sys/class/misc/hw_random/rng_current');
      expect(await session.eventually(current, (text) => text.startsWith('virtio_rng'), 500)).toBe('virtio_rng.0');
      const random = 'dd if=/dev/hwrng bs=64 count=1 2>/dev/null | md5sum';
      expect(await session.guest(random)).not.toBe(await session.guest(random));
      expect(await session.hmp('device_del rng1')).toBe('');
      await session.eventually(vendors, (text) => !text.includes(RNG_PCI_ID), 500);
      await session.eventually(
        () => session.qmp('query-status'),
        () => event('DEVICE_DELETED') !== undefined,
      );
      expect(session.events.find((e) => e.event === 'DEVICE_DELETED' && e.data?.['device'] === 'rng1')?.data).toEqual({
        device: 'rng1',
        path: '/machine/peripheral/rng1',
      });
      expect(await session.hmp('info qtree')).not.toContain('rng1');
    },
    2 * MINUTES,
  );

  it(
    'lets go of a device that it was asked for twice, and of one that it has never seen',
    async () => {
      const gone = (id: string) => session.events.find((e) => e.event === 'DEVICE_DELETED' && e.data?.['device'] === id)?.data;
      const removed = (id: string) =>
        session.eventually(
          () => session.qmp('query-status'),
          () => gone(id) !== undefined,
        );
      await session.qmp('device_add', { driver: 'virtio-rng-pci', id: 'rng2' });
      await session.eventually(vendors, (text) => text.includes(RNG_PCI_ID), 500);
      await session.qmp('stop');
      for (let times = 0; times < 2; times++) expect(await session.qmp('device_del', { id: 'rng2' })).toEqual({});
      await session.qmp('cont');
      await removed('rng2');
      await session.qmp('stop');
      await session.qmp('device_add', { driver: 'virtio-rng-pci', id: 'rng3' });
      expect(await session.qmp('device_del', { id: 'rng3' })).toEqual({});
      expect(await session.qmp('qom-list', { path: '/machine/peripheral' })).toContainEqual({ name: 'rng3', type: 'child<virtio-rng-pci>' });
      await session.qmp('cont');
      await removed('rng3');
      expect(await session.qmp('qom-list', { path: '/machine/peripheral' })).not.toContainEqual({ name: 'rng3', type: 'child<virtio-rng-pci>' });
      expect(await vendors()).not.toContain(RNG_PCI_ID);
    },
    2 * MINUTES,
  );

  it(
    'tells how far its clock is set',
    async () => {
      await session.guest('date -s 2030-01-01; hwclock -u -w');
      await session.eventually(
        () => session.qmp('query-status'),
        () => event('RTC_CHANGE') !== undefined,
      );
      const { offset, 'qom-path': path } = event('RTC_CHANGE')?.data ?? {};
      expect(path).toMatch(/^\/machine\/unattached\/device\[\d+\]$/);
      expect(Math.abs(Number(offset) - (Date.UTC(2030, 0, 1) - Date.now()) / 1000)).toBeLessThan(60);
    },
    MINUTES,
  );

  it(
    "types on the screen's console what monitors send",
    async () => {
      // Linux's keyboard and terminal drivers are in between; the shell on the serial port looks at what comes.
      const press = async (...keys: string[]) => {
        for (const key of keys) expect(await session.hmp(`sendkey ${key} 10`)).toBe('');
      };
      await session.guest('head -n 1 < /dev/tty1 > /line & sleep 1');
      await press('shift-n', 'a', 'n', 'd', 'u', 'spc', 'shift-1', 'caps_lock', 'q', 'caps_lock', 'q');
      await session.qmp('send-key', { keys: ['shift', 'y'].map((data) => ({ type: 'qcode', data })), 'hold-time': 10 });
      await press('ret');
      await session.eventually(
        () => session.guest('cat /line'),
        (text) => text === 'Nandu !QqY',
      );
      await session.guest('(stty raw; dd bs=1 count=6 2>/dev/null) < /dev/tty1 > /raw & sleep 1');
      await press('up', 'ctrl-c', 'alt-x');
      await session.eventually(
        () => session.guest('hexdump -C /raw'),
        (text) => text.includes('1b 5b 41 03 1b 78'),
      );
    },
    MINUTES,
  );

  it(
    'stands still between stop and cont',
    async () => {
      const uptime = async (): Promise<number> => Number((await session.guest('cat /proc/uptime')).split(' ')[0]);
      const before = await uptime();
      await session.qmp('stop');
      expect(await session.qmp('query-status')).toMatchObject({ status: 'paused', running: false });
      await new Promise((resolve) => setTimeout(resolve, 3000));
      await session.qmp('cont');
      expect((await uptime()) - before).toBeLessThan(2);
      expect(event('STOP') && event('RESUME')).toBeDefined();
    },
    MINUTES,
  );

  it(
    'boots again after system_reset',
    async () => {
      await session.guest('touch /tmp/before');
      await session.qmp('system_reset');
      expect(await session.boot()).toContain('Linux version');
      expect(await session.guest('ls /tmp')).toBe('');
      expect(await balloonMiB()).toBe(1024);
      expect(event('RESET')?.data).toEqual({ guest: false, reason: 'host-qmp-system-reset' });
    },
    3 * MINUTES,
  );

  it(
    'reboots, which ends a machine that must not',
    async () => {
      await session.stop();
      session = await start([...machine(files), '-no-reboot']);
      await session.boot();
      session.console.send('reboot -f\n');
      expect(await session.exited).toBe(0);
    },
    3 * MINUTES,
  );
});
