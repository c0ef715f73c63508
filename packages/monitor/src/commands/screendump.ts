/** Pictures of screens, of which no machine of ours has one. */
import { type AnyCommand, ConfigError, hmpCommand, type Machine, QmpError, qmpCommand } from '@nandu/core';

const FORMATS = ['ppm', 'png'];

function screendump(machine: Machine, device: string | undefined, head: number | undefined): never {
  if (device === undefined && head !== undefined) throw new ConfigError("'head' must be specified together with 'device'");
  if (device === undefined) throw new ConfigError('There is no console to take a screendump from');
  if (!machine.findDevice(device)) throw new QmpError('DeviceNotFound', `Device '${device}' not found`);
  throw new ConfigError(`Device ${device} (head ${head ?? 0}) is not bound to a QemuConsole`);
}

export const screendumpCommands: readonly AnyCommand[] = [
  qmpCommand<{ device?: string; head?: number }>({
    name: 'screendump',
    arguments: {
      filename: { type: 'str' },
      device: { type: 'str', optional: true },
      head: { type: 'int', optional: true },
      format: { type: FORMATS, optional: true },
    },
    run: ({ device, head }, { machine }) => screendump(machine, device, head),
  }),
  hmpCommand<{ format?: string; device?: string; head?: number }>({
    name: 'screendump',
    args: 'filename:F,format:-fs,device:s?,head:i?',
    params: 'filename [-f format] [device [head]]',
    help: "save screen from head 'head' of display device 'device'in specified format 'format' as image 'filename'.Currently only 'png' and 'ppm' formats are supported.",
    run({ format, device, head }, { machine }) {
      if (format !== undefined && !FORMATS.includes(format)) throw new ConfigError(`invalid parameter value: ${format}`);
      return screendump(machine, device, head);
    },
  }),
];
