/** QEMU's options that Nandu does not have: known by name, so that the answer can say so. True: it takes an argument. */
export const REFUSED: Readonly<Record<string, boolean>> = {
  acpitable: true, 'add-fd': true, 'async-teardown': false, audio: true, audiodev: true, bios: true, blockdev: true, cdrom: true, chroot: true, compat: true,
  daemonize: false, debugcon: true, dfilter: true, drive: true, dtb: true, 'dump-vmstate': true, echr: true, 'enable-kvm': false, fda: true, fdb: true, fsdev: true,
  'full-screen': false, fw_cfg: true, g: true, gdb: true, hda: true, hdb: true, hdc: true, hdd: true, incoming: true, iscsi: true, loadvm: true, 'mem-path': true,
  'mem-prealloc': false, msg: true, mtdblock: true, netdev: true, 'only-migratable': false, 'option-rom': true, pflash: true, portrait: false, preconfig: false,
  readconfig: true, rotate: true, runas: true, s: false, sandbox: true, sd: true, seed: true, set: true, singlestep: false, smbios: true, snapshot: false, spice: true,
  tpmdev: true, trace: true, usb: false, usbdevice: true, virtfs: true, vnc: true, 'watchdog-action': true, 'win2k-hack': false, 'xen-attach': false, 'xen-domid': true,
};

/** Why, where there is more to say than that. */
export const REASONS: Readonly<Record<string, string>> = {
  bios: 'firmware is not implemented: a machine boots what -kernel gives it',
  daemonize: 'not implemented: start it in the background by other means',
  'enable-kvm': 'KVM is not available: guest code is run by tcg',
};
