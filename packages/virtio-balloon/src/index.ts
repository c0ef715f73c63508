export { virtioBalloonPlugin } from './plugin.js';
export { VirtioBalloon } from './virtio-balloon.js';
export { VirtioBalloonPci } from './virtio-balloon-pci.js';
