/** The QEMU whose monitor this speaks, and who really speaks it. */
export const QEMU_VERSION = { micro: 22, minor: 2, major: 7 } as const;
export const PACKAGE = 'Nandu 0.1.0';
export const QEMU_VERSION_TEXT = `${QEMU_VERSION.major}.${QEMU_VERSION.minor}.${QEMU_VERSION.micro}`;
