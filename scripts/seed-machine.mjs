/** What `npm start` and `npm run demo` boot: the machine of the project's first example, and which guest. */
import { bootstrap, progress } from './bootstrap.mjs';

/** The machine's command line. With `earlyprintk` the kernel speaks from its first instructions on. */
export function seedMachine({ kernel, initrd, append = 'console=ttyS0 earlyprintk=ttyS0' }) {
  return [
    '-m',
    '4G,maxmem=20G',
    '-smp',
    'sockets=2,cores=2',
    '-numa',
    'node,nodeid=0,cpus=0-1',
    '-numa',
    'node,nodeid=1,cpus=2-3',
    '-object',
    'memory-backend-ram,id=mem0,size=8G',
    '-device',
    'virtio-mem-pci,id=vm0,memdev=mem0,node=0,requested-size=0M',
    '-object',
    'memory-backend-ram,id=mem1,size=8G',
    '-device',
    'virtio-mem-pci,id=vm1,memdev=mem1,node=1,requested-size=1G',
    '-nographic',
    '-kernel',
    kernel,
    '-initrd',
    initrd,
    '-append',
    append,
  ];
}

/** Options of both scripts: the guest. */
export const GUEST_OPTIONS = {
  kernel: { value: 'FILE', help: 'a kernel of your own (bzImage), with --initrd' },
  initrd: { value: 'FILE', help: 'its initramfs' },
  guest: { value: 'NAME', help: "which of Debian's kernels: default, 6.12", default: 'default' },
};

/** The files that these options mean, once everything is built, and fetched where they have to be. */
export async function guestOf({ kernel, initrd, guest }) {
  if (Boolean(kernel) !== Boolean(initrd)) throw new Error('--kernel and --initrd go together');
  await bootstrap();
  if (kernel) return { kernel, initrd };
  const { fetchGuest } = await import('../packages/guest-linux/dist/src/index.js');
  return fetchGuest(guest, progress);
}
