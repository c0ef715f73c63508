/** virtio-mem-pci and virtio-balloon-pci on the pc board, through qtest, against what QEMU answered there. */
import { readFileSync } from 'node:fs';
import { PROGRAM } from '../src/problem.js';
import { asOurs, type Outcome, tryCommandLine, words } from './command-line.js';
import { type Headings, Replay, type Steps } from './replay.js';
import type { Buffer } from './virtio-over-qtest.js';

/** In the recordings the device has `addr=4`. */
const SLOT = 4;

function golden(file: string): string[] {
  return readFileSync(new URL(`../../test/golden/${file}`, import.meta.url), 'utf8').split('\n');
}

/** Has the recording again and compares what was printed on stderr. QEMU's `auto` of unplugged-inaccessible was `off` for x86. */
async function replay(
  file: string,
  queues: number,
  steps: (replay: Replay) => { steps: Steps; headings: Headings },
  different: readonly RegExp[] = [],
): Promise<number> {
  const lines = golden(file);
  const line = (lines[0] as string).replace(/^\$ \S+ | -(qtest|qtest-log|qmp) \S+/g, '');
  const inaccessible = line.includes('virtio-mem') && !line.includes('unplugged-inaccessible') ? ',unplugged-inaccessible=off' : '';
  let compared = 0;
  const outcome: Outcome = await tryCommandLine(words(line.replace('addr=4', `addr=4${inaccessible}`)), async (emulator) => {
    const session = new Replay(emulator, SLOT, queues);
    const own = steps(session);
    await session.run(lines, own.steps, own.headings, different);
    compared = session.compared;
  });
  const [, stderr = ''] = lines.join('\n').match(/### exit code 0, stderr '(.*)'/) ?? [];
  // Node and jest have warnings of their own.
  const printed = outcome.stderr
    .split(/(?<=\n)/)
    .filter((text) => text.startsWith(PROGRAM))
    .join('');
  expect({ status: outcome.status, stderr: printed }).toEqual({ status: 0, stderr: asOurs(stderr.replaceAll('\\n', '\n')) });
  return compared;
}

const REQUESTS = ['PLUG', 'UNPLUG', 'UNPLUG_ALL', 'STATE'];
const RESPONSES = ['ACK', 'NACK', 'BUSY', 'ERROR'];
const STATES = ['PLUGGED', 'UNPLUGGED', 'MIXED'];
const STATE = 3;
/** le16 type, 6 bytes of padding, le64 address, le16 blocks, 6 bytes of padding. */
const REQUEST_BYTES = 24;
/** le16 type, 6 bytes of padding, le16 state. */
const RESPONSE_BYTES = 10;
const FIRST_BLOCK = 0x1_0000_0000n;

function memRequest(type: number, address: bigint, blocks: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(REQUEST_BYTES));
  view.setUint16(0, type, true);
  view.setBigUint64(8, address, true);
  view.setUint16(16, blocks, true);
  return new Uint8Array(view.buffer);
}

const hexText = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

function virtioMem({ device, wire }: Replay): { steps: Steps; headings: Headings } {
  const hexConfig = (offset: number): string => `0x${device.deviceConfig(offset, 'q').toString(16)}`;
  const plugged = (): string => `plugged ${hexConfig(0x28)}`;
  const memory = (): string => wire.request(`readq ${FIRST_BLOCK}`).toString(16).padStart(16, '0');
  const writeMemory = (digit: string): string => {
    wire.request(`writeq ${FIRST_BLOCK} 0x${digit.repeat(16)}`);
    return memory();
  };
  const send = async (buffers: readonly Buffer[], withState: boolean): Promise<string> => {
    const used = await device.send(0, buffers);
    if (!used) return `no answer; device status 0x${device.status.toString(16)}`;
    const [response = new Uint8Array()] = used.written;
    const view = new DataView(response.buffer);
    const type = RESPONSES[view.getUint16(0, true)];
    const state = withState && type === 'ACK' ? ` state ${STATES[view.getUint16(8, true)]}` : '';
    return `${type}${state} (used length ${used.length}); ${plugged()}`;
  };
  const stateRequest = memRequest(STATE, FIRST_BLOCK, 1);
  return {
    steps: [
      [
        /^config: block/,
        () =>
          `config: block ${hexConfig(0)} node ${device.deviceConfig(8, 'w')} addr ${hexConfig(0x10)} region ${hexConfig(0x18)} ` +
          `usable ${hexConfig(0x20)} plugged ${hexConfig(0x28)} requested ${hexConfig(0x30)}, generation ${device.generation}`,
      ],
      [
        /^((?:type )?(\w+) addr (\w+) nb_blocks (\d+) ->)/,
        async ([, start, name = '', address = '', blocks]) => {
          const type = REQUESTS.includes(name) ? REQUESTS.indexOf(name) : Number(name);
          return `${start} ${await send([memRequest(type, BigInt(address), Number(blocks)), RESPONSE_BYTES], type === STATE)}`;
        },
      ],
      [
        /^(raw request of (\d+) bytes, response buffer of (\d+) bytes ->)/,
        async ([, start, length, room]) => {
          const request = new Uint8Array(Number(length));
          request.set(stateRequest.subarray(0, request.length));
          return `${start} ${await send([request, Number(room)], false)}`;
        },
      ],
      [
        /^-> used 10 \[/,
        async () => {
          const used = await device.send(0, [stateRequest.subarray(0, 10), stateRequest.subarray(10), 4, 6]);
          return `-> used ${used?.length} [${used?.written.map((bytes) => `'${hexText(bytes)}'`).join(', ')}]`;
        },
      ],
      [/^-> None/, async () => `-> ${(await device.send(0, [stateRequest])) ?? 'None'}, status 0x${device.status.toString(16)}`],
      [/^fresh/, () => `fresh ${memory()}`],
      [/^written/, () => `written ${writeMemory('1')}`],
      [/^unplugged, read/, () => `unplugged, read ${memory()}`],
      [/^unplugged, written, read (\d)/, ([, digit = '']) => `unplugged, written, read ${writeMemory(digit)}`],
      [/^plugged again/, () => `plugged again ${memory()}`],
    ],
    headings: {
      'requested-size changes': () => {
        wire.interrupts.length = 0;
      },
      'config space is read-only': () => {
        for (let offset = 0; offset < 0x38; offset += 8) device.setDeviceConfig(offset, 'q', 0xffff_ffff_ffff_ffffn);
      },
      'device reset by the driver': () => device.reset(),
    },
  };
}

it('virtio-mem: every request, right and wrong', async () => {
  expect(await replay('virtio-mem-requests.txt', 1, virtioMem)).toBeGreaterThan(150);
}, 60_000);

it('virtio-mem with unplugged-inaccessible=on', async () => {
  // Ours takes unplugged blocks away in earnest: QEMU 7.2 left them readable and writable.
  const different = [/^unplugged, written, read/];
  expect(await replay('virtio-mem-unplugged-inaccessible.txt', 1, virtioMem, different)).toBeGreaterThan(15);
}, 60_000);

const INFLATE = 0;
const DEFLATE = 1;
const STATS = 2;
const FIRST_PAGE = 0x8000;
const PAGE_BYTES = 4096;

function pageList(...pages: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(pages).buffer);
}

/** Tag u16, value u64: free and total memory. */
function statistics(): Uint8Array {
  const view = new DataView(new ArrayBuffer(20));
  for (const [index, tag, value] of [
    [0, 4, 123456n],
    [1, 5, 234567n],
  ] as const) {
    view.setUint16(10 * index, tag, true);
    view.setBigUint64(10 * index + 2, value, true);
  }
  return new Uint8Array(view.buffer);
}

function virtioBalloon({ device, wire }: Replay): { steps: Steps; headings: Headings } {
  const at = (page: number): string =>
    wire
      .request(`readq ${page * PAGE_BYTES}`)
      .toString(16)
      .padStart(16, '0');
  const used = async (queue: number, buffer: Uint8Array): Promise<string> => `used ${(await device.send(queue, [buffer]))?.length ?? 'None'}`;
  const status = (): string => `status 0x${device.status.toString(16)}`;
  const length = async (queue: number, buffer: Uint8Array): Promise<string> => (await used(queue, buffer)).replace('used', 'used length');
  return {
    steps: [
      [/^config: num_pages/, () => `config: num_pages ${device.deviceConfig(0, 'l')} actual ${device.deviceConfig(4, 'l')}, generation ${device.generation}`],
      [
        /^4 pages/,
        async () => {
          for (let page = FIRST_PAGE; page < FIRST_PAGE + 4; page++) wire.request(`writeq ${page * PAGE_BYTES} 0x1111111111111111`);
          const taken = await length(INFLATE, pageList(FIRST_PAGE, FIRST_PAGE + 1, FIRST_PAGE + 2, FIRST_PAGE + 3));
          return `4 pages -> ${taken}; page 0x8000 reads ${at(FIRST_PAGE)}, 0x8003 reads ${at(FIRST_PAGE + 3)}`;
        },
      ],
      [/^page outside memory/, async () => `page outside memory -> ${await length(INFLATE, pageList(0xf_ffff))}, ${status()}`],
      [/^3 bytes/, async () => `3 bytes -> ${await length(INFLATE, new Uint8Array(3))}, ${status()}`],
      [/^2 pages/, async () => `2 pages -> ${await length(DEFLATE, pageList(FIRST_PAGE, FIRST_PAGE + 1))}`],
      [/^buffer stays/, async () => `buffer stays with the device: ${await used(STATS, statistics())}`],
    ],
    headings: {
      'the driver writes actual': () => device.setDeviceConfig(4, 'l', 16384),
      // 256 MiB less this many pages are the 18284544 bytes below nothing that QEMU reported.
      'actual beyond the RAM size': () => device.setDeviceConfig(4, 'l', 70000),
      deflate: () => device.setDeviceConfig(4, 'l', 16384),
      'device reset by the driver': () => device.reset(),
    },
  };
}

it('virtio-balloon: sizes, inflate, deflate, statistics', async () => {
  expect(await replay('virtio-balloon-requests.txt', 3, virtioBalloon)).toBeGreaterThan(35);
}, 60_000);
