export { type CpioEntry, cpioArchive } from './node/cpio.js';
export { GuestUnavailable } from './node/debian.js';
export { cacheFolder, fetchBusybox, fetchGuest, type GuestFiles, type KernelChoice } from './node/guest.js';
export { buildInitramfs } from './node/initramfs.js';
export { fetchSystem, type SystemArchitecture, type SystemFiles, systemIsCached } from './node/system.js';
