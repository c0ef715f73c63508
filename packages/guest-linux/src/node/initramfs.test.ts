import { dependenciesOf } from './initramfs.js';

it.each([
  ['license=GPL\0depends=virtio-ring,virtio\0name=x\0', ['virtio_ring', 'virtio']],
  ['license=GPL\0depends=\0name=x\0', []],
  ['license=GPL\0', []],
])('reads what a module depends on: %j', (modinfo, names) => {
  expect(dependenciesOf(Buffer.from(modinfo))).toEqual(names);
});
