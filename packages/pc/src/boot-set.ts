/** `boot_set`: from which devices firmware should boot. */
import { ConfigError, hmpCommand } from '@nandu/core';
import { isBootDevice, MAX_BOOT_DEVICES } from './cmos.js';
import { PcBoard } from './pc-board.js';

/** Letters that QEMU takes; what a PC makes of them is another matter. */
const LETTERS = /[a-p]/;

function check(devices: string): void {
  for (const [index, letter] of [...devices].entries()) {
    if (!LETTERS.test(letter)) throw new ConfigError(`Invalid boot device '${letter}'`);
    if (devices.indexOf(letter) < index) throw new ConfigError(`Boot device '${letter}' was given twice`);
  }
}

export const bootSet = hmpCommand<{ bootdevice: string }>({
  name: 'boot_set',
  args: 'bootdevice:s',
  params: 'bootdevice',
  help: 'define new values for the boot device list',
  run({ bootdevice: devices }, { machine: { board } }) {
    try {
      check(devices);
      if (!(board instanceof PcBoard)) throw new ConfigError('no function defined to set boot device list for this architecture');
      if (devices.length > MAX_BOOT_DEVICES) throw new ConfigError('Too many boot devices for PC');
      const wrong = [...devices].find((letter) => !isBootDevice(letter));
      if (wrong !== undefined) throw new ConfigError(`Invalid boot device for PC: '${wrong}'`);
      board.setBootOrder(devices);
      return `boot device list now set to ${devices}\n`;
    } catch (error) {
      // Without QEMU's usual "Error:" in front.
      if (error instanceof ConfigError) return `${error.message}\n`;
      throw error;
    }
  },
});
