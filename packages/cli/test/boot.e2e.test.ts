/**
 * The session that this project is for: Debian's own kernels boot on the machine of the README, and their own drivers plug and
 * unplug memory. Skipped, with the reason, where Debian's packages cannot be had; never on CI (NANDU_REQUIRE_GUEST).
 */
import type { GuestFiles, KernelChoice } from '@nandu/guest-linux';
import { EmulatorSession } from '@nandu/testkit';
import { guestOrReason, PROGRAM } from './guest.js';

const MiB = 2 ** 20;
const MINUTES = 60_000;

type Boot = { readonly kernel: KernelChoice; readonly accel: string };
const BOOTS: readonly Boot[] = [
  { kernel: 'default', accel: 'tcg' },
  { kernel: '6.12', accel: 'tcg' },
  { kernel: 'default', accel: 'tcg,tier=interpreter' },
];

const seed = ({ kernel, initrd }: GuestFiles, accel: string): string[] => [
  ...['-accel', accel, '-m', '4G,maxmem=20G', '-smp', 'sockets=2,cores=2'],
  ...['-numa', 'node,nodeid=0,cpus=0-1', '-numa', 'node,nodeid=1,cpus=2-3'],
  ...['-object', 'memory-backend-ram,id=mem0,size=8G', '-device', 'virtio-mem-pci,id=vm0,memdev=mem0,node=0,requested-size=0M'],
  ...['-object', 'memory-backend-ram,id=mem1,size=8G', '-device', 'virtio-mem-pci,id=vm1,memdev=mem1,node=1,requested-size=1G'],
  ...['-kernel', kernel, '-initrd', initrd, '-append', 'console=ttyS0'],
];

const device = (id: string, memaddr: string, node: number, requested: number): string => `Memory device [virtio-mem]: "${id}"
  memaddr: ${memaddr}
  node: ${node}
  requested-size: ${requested * MiB}
  size: ${requested * MiB}
  max-size: 8589934592
  block-size: 2097152
  memdev: /objects/${id.replace('vm', 'mem')}
`;

describe.each(await Promise.all(BOOTS.map(async (boot) => ({ ...boot, files: await guestOrReason(boot.kernel) }))))(
  'kernel $kernel on $accel',
  ({ accel, files }) => {
    if (typeof files === 'string') {
      it.skip(`boots: ${files}`, () => {});
      return;
    }
    let session: EmulatorSession;
    const sizes = async (): Promise<number[]> =>
      ((await session.qmp('query-memory-devices')) as { data: { size: number } }[]).map(({ data }) => data.size / MiB);
    const settle = (wanted: readonly number[]): Promise<number[]> => session.eventually(sizes, (now) => now.every((size, i) => size === wanted[i]));
    const guestMemoryMiB = async (): Promise<number> => Number(/MemTotal:\s+(\d+)/.exec(await session.guest('cat /proc/meminfo'))?.[1]) / 1024;

    beforeAll(async () => {
      session = await EmulatorSession.start({ command: PROGRAM, args: seed(files, accel), timeoutMs: 5 * MINUTES });
      await session.boot();
    }, 6 * MINUTES);
    afterAll(() => session?.stop());

    it(
      'shows four CPUs in two sockets and two nodes, without complaints about tables',
      async () => {
        expect(await session.guest('grep -c ^processor /proc/cpuinfo')).toBe('4');
        expect(await session.guest('echo $(sort -u /sys/devices/system/cpu/cpu*/topology/physical_package_id)')).toBe('0 1');
        expect(await session.guest('cat /sys/devices/system/node/node0/cpulist /sys/devices/system/node/node1/cpulist')).toBe('0-1\n2-3');
        // Every PC's boot says 'report a bug' about host bridge windows.
        expect(await session.guest("dmesg | grep -iE 'ACPI.*(error|warning)|ACPI.*bug:|firmware bug'")).toBe('');
      },
      MINUTES,
    );

    it(
      'lets the guest plug what is requested, letter for letter as in the transcript',
      async () => {
        await settle([0, 1024]);
        expect(await session.hmp('info memory-devices')).toBe(device('vm0', '0x140000000', 0, 0) + device('vm1', '0x340000000', 1, 1024));
        const before = await guestMemoryMiB();
        expect(await session.hmp('qom-set vm0 requested-size 500M')).toBe('');
        expect(await session.hmp('qom-set vm1 requested-size 200M')).toBe('');
        await settle([500, 200]);
        expect(await session.hmp('info memory-devices')).toBe(device('vm0', '0x140000000', 0, 500) + device('vm1', '0x340000000', 1, 200));
        // 1024 MiB became 700.
        expect(Math.round((await guestMemoryMiB()) - before)).toBe(700 - 1024);
        expect(session.events.some(({ event, data }) => event === 'MEMORY_DEVICE_SIZE_CHANGE' && data?.['id'] === 'vm0')).toBe(true);
      },
      4 * MINUTES,
    );

    it(
      'powers off with status 0',
      async () => {
        session.console.send('poweroff -f\n');
        expect(await session.exited).toBe(0);
      },
      MINUTES,
    );
  },
);
