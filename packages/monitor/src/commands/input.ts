/** Keyboard and mouse by command: sendkey, mouse_move and their relations. */
import {
  type AnyCommand,
  type CommandContext,
  ConfigError,
  hmpCommand,
  Input,
  type InputEvent,
  type InputHandler,
  KEY_NUMBERS,
  keyByNumber,
  type Machine,
  MOUSE_BUTTONS,
  type MouseButton,
  QmpError,
  qmpCommand,
} from '@nandu/core';
import type { Json } from '../json/parser.js';
import { checkUnion, type Variants } from '../qmp/unions.js';

function inputOf({ machine }: CommandContext): Input {
  return machine.container.resolve<Input>(Input);
}

const KEY = {
  number: { type: 'int' },
  qcode: { type: [...KEY_NUMBERS.keys()] },
} as const satisfies Variants;

/** QAPI's KeyValue: {type, data}. */
function keyName(value: Json, where: string): string {
  const { type, data } = checkUnion(KEY, value, where);
  return type === 'number' ? keyByNumber(data as number) : (data as string);
}

const AXIS = { type: ['x', 'y'] } as const;
const EVENT = {
  key: { key: { type: 'any' }, down: { type: 'bool' } },
  btn: { button: { type: MOUSE_BUTTONS }, down: { type: 'bool' } },
  rel: { axis: AXIS, value: { type: 'int' } },
  abs: { axis: AXIS, value: { type: 'int' } },
} as const satisfies Variants;

type Fields = Readonly<Record<string, unknown>>;
const EVENT_OF: Readonly<Record<keyof typeof EVENT, (data: Fields, where: string) => InputEvent>> = {
  key: ({ key, down }, where) => ({ kind: 'key', key: keyName(key as Json, `${where}.key`), down: down as boolean }),
  btn: ({ button, down }) => ({ kind: 'button', button: button as MouseButton, down: down as boolean }),
  rel: ({ axis, value }) => ({ kind: 'move', axis: axis as 'x', by: value as number }),
  abs: ({ axis, value }) => ({ kind: 'position', axis: axis as 'x', at: value as number }),
};

const sendKey = qmpCommand<{ keys: Json[]; 'hold-time'?: number }>({
  name: 'send-key',
  arguments: { keys: { type: 'list' }, 'hold-time': { type: 'int', optional: true } },
  run({ keys, 'hold-time': holdMs }, context) {
    const names = keys.map((key, index) => keyName(key, `keys[${index}]`));
    inputOf(context).type(names, holdMs);
  },
});

/** A display's input would go to what is attached there; no device of ours has a display. */
function refuseDisplay(machine: Machine, device: string, head: number): never {
  if (!machine.findDevice(device)) throw new QmpError('DeviceNotFound', `Device '${device}' not found`);
  throw new QmpError('GenericError', `Device ${device} (head ${head}) is not bound to a QemuConsole`);
}

const inputSendEvent = qmpCommand<{ device?: string; head?: number; events: Json[] }>({
  name: 'input-send-event',
  arguments: { device: { type: 'str', optional: true }, head: { type: 'int', optional: true }, events: { type: 'list' } },
  run({ device, head = 0, events }, context) {
    const input = inputOf(context);
    const checked = events.map((item, index) => {
      const where = `events[${index}]`;
      const { type, data } = checkUnion(EVENT, item, where);
      return { type, event: EVENT_OF[type](data as Fields, `${where}.data`) };
    });
    if (device !== undefined) refuseDisplay(context.machine, device, head);
    if (!context.machine.runState.running) throw new ConfigError('VM not running');
    for (const { type, event } of checked) {
      if (!input.handlerFor(event.kind)) throw new ConfigError(`Input handler not found for event type ${type}`);
    }
    input.send(...checked.map(({ event }) => event));
  },
});

/** The parts of 'ctrl-alt-f1': names, or numbers in hexadecimal. */
function keysOf(text: string): string[] | { readonly invalid: string } {
  const keys: string[] = [];
  for (const part of text.split('-')) {
    const number = /^0x[0-9a-fA-F]+$/.test(part) ? keyByNumber(Number(part)) : undefined;
    const key = number ?? (part === '<' ? 'less' : part);
    if (!KEY_NUMBERS.has(key)) return { invalid: part };
    keys.push(key);
  }
  return keys;
}

const hmpSendKey = hmpCommand<{ keys: string; 'hold-time'?: number }>({
  name: 'sendkey',
  args: 'keys:s,hold-time:i?',
  params: 'keys [hold_ms]',
  help: "send keys to the VM (e.g. 'sendkey ctrl-alt-f1', default hold time=100 ms)",
  run({ keys, 'hold-time': holdMs }, context) {
    const names = keysOf(keys);
    if ('invalid' in names) return `invalid parameter: ${names.invalid}\n`;
    inputOf(context).type(names, holdMs);
    return undefined;
  },
});

/** As C's strtol reads it: what is no number counts as 0. */
function leadingNumber(text: string): number {
  const [, sign = '', digits = '0'] = /^\s*([+-]?)(0[xX][0-9a-fA-F]+|[0-9]+)/.exec(text) ?? [];
  const value = /^0[0-7]/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return sign === '-' ? -value : value;
}

const mouseMove = hmpCommand<{ dx_str: string; dy_str: string; dz_str?: string }>({
  name: 'mouse_move',
  args: 'dx_str:s,dy_str:s,dz_str:s?',
  params: 'dx dy [dz]',
  help: 'send mouse move events',
  run({ dx_str: dx, dy_str: dy, dz_str: dz = '0' }, context) {
    const input = inputOf(context);
    const moves: InputEvent[] = [
      { kind: 'move', axis: 'x', by: leadingNumber(dx) },
      { kind: 'move', axis: 'y', by: leadingNumber(dy) },
    ];
    const turn = leadingNumber(dz);
    if (turn === 0) {
      input.send(...moves);
      return undefined;
    }
    const button = turn > 0 ? 'wheel-up' : 'wheel-down';
    input.send(...moves, { kind: 'button', button, down: true });
    input.send({ kind: 'button', button, down: false });
    return undefined;
  },
});

/** Bits of mouse_button's number. */
const BUTTON_BITS: readonly (readonly [bit: number, button: MouseButton])[] = [
  [1, 'left'],
  [2, 'middle'],
  [4, 'right'],
];
/** What was pressed by it and not let go. */
const PRESSED = new WeakMap<Machine, number>();

const mouseButton = hmpCommand<{ button_state: number }>({
  name: 'mouse_button',
  args: 'button_state:i',
  params: 'state',
  help: 'change mouse button state (1=L, 2=M, 4=R)',
  run({ button_state: state }, context) {
    const before = PRESSED.get(context.machine) ?? 0;
    PRESSED.set(context.machine, state);
    const changed = BUTTON_BITS.filter(([bit]) => (before ^ state) & bit);
    inputOf(context).send(...changed.map(([bit, button]): InputEvent => ({ kind: 'button', button, down: (state & bit) !== 0 })));
    return undefined;
  },
});

const isMouse = ({ kinds }: InputHandler): boolean => kinds.includes('move') || kinds.includes('position');

function mice(context: CommandContext) {
  const input = inputOf(context);
  const current = input.handlerFor('move') ?? input.handlerFor('position');
  return input.handlers.flatMap((handler, index) =>
    isMouse(handler) ? [{ name: handler.name, index: index + 1, current: handler === current, absolute: handler.kinds.includes('position') }] : [],
  );
}

const mouseSet = hmpCommand<{ index: number }>({
  name: 'mouse_set',
  args: 'index:i',
  params: 'index',
  help: 'set which mouse device receives events',
  run({ index }, context) {
    const input = inputOf(context);
    const handler = input.handlers[index - 1];
    if (!handler) return `Mouse at index '${index}' not found\n`;
    if (!isMouse(handler)) return `Input device '${handler.name}' is not a mouse\n`;
    input.select(handler);
    return undefined;
  },
});

export const inputCommands: readonly AnyCommand[] = [
  sendKey,
  inputSendEvent,
  hmpSendKey,
  mouseMove,
  mouseButton,
  mouseSet,
  qmpCommand({ name: 'query-mice', arguments: {}, run: (_, context) => mice(context) }),
  hmpCommand({
    name: 'info mice',
    args: '',
    params: '',
    help: 'show which guest mouse is receiving events',
    run(_, context) {
      const rows = mice(context).map(
        ({ name, index, current, absolute }) => `${current ? '*' : ' '} Mouse #${index}: ${name}${absolute ? ' (absolute)' : ''}\n`,
      );
      return rows.join('') || 'No mouse devices connected\n';
    },
  }),
];
