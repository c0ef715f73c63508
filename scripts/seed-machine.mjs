/**
 * The machine that `npm start` and `npm run demo` boot: the command line of the project's first example.
 * With `earlyprintk` the kernel speaks from its first instructions on.
 */
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
