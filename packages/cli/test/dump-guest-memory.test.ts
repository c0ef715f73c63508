/** dump-guest-memory: what is in the file, and what QEMU 7.2 answers to requests that are wrong. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executeLine, type Json, parseJson, printJson, replyTo, runCommand } from '@nandu/monitor';
import { QtestServer } from '@nandu/qtest';
import type { Emulator } from '../src/emulator.js';
import { tryCommandLine, words } from './command-line.js';
import { Wire } from './qtest-wire.js';
import { VirtioOverQtest } from './virtio-over-qtest.js';

const folder = mkdtempSync(join(tmpdir(), 'nandu-dump-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = join(folder, 'core');
afterEach(() => rmSync(file, { force: true }));

async function ask({ machine }: Emulator, execute: string, given: object = {}): Promise<unknown> {
  const source = printJson({ execute, arguments: given } as Json);
  return JSON.parse(printJson(await replyTo(parseJson(source) as Json, false, (request) => runCommand(request, { machine }))));
}

const dump = (emulator: Emulator, given: object = {}) => ask(emulator, 'dump-guest-memory', { paging: false, protocol: `file:${file}`, ...given });

function loads(bytes: Buffer) {
  const count = bytes.readUInt16LE(56);
  return Array.from({ length: count }, (_, i) => bytes.subarray(Number(bytes.readBigUInt64LE(32)) + 56 * i))
    .filter((header) => header.readUInt32LE(0) === 1)
    .map((header) => ({ offset: Number(header.readBigUInt64LE(8)), address: Number(header.readBigUInt64LE(24)), bytes: Number(header.readBigUInt64LE(32)) }));
}

const MiB = 2 ** 20;
const SLOT = 4;
const WINDOW = 0x1_0000_0000;
/** 640 KiB and what follows the window of a screen. */
const LOW = { address: 0, bytes: 0xa_0000 };
const HIGH = { address: 0xc_0000, bytes: 16 * MiB - 0xc_0000 };
const MEMORY = LOW.bytes + HIGH.bytes;

function listen({ machine }: Emulator) {
  const events: { name: string; data: unknown }[] = [];
  machine.events$.subscribe(({ name, data }) => events.push({ name, data }));
  return events;
}

it('has all of RAM, and of a memory device what is plugged', async () => {
  const device = `-object memory-backend-ram,id=mem0,size=512M -device virtio-mem-pci,id=vm0,memdev=mem0,requested-size=8M,addr=${SLOT}`;
  await tryCommandLine(words(`-S -display none -nodefaults -m 16M,maxmem=1G ${device}`), async (emulator) => {
    const wire = new Wire();
    new QtestServer(emulator.machine, wire);
    const driver = new VirtioOverQtest(wire, SLOT);
    driver.enable();
    driver.negotiate((1n << 32n) | 2n);
    driver.start(1);
    const plug = new DataView(new ArrayBuffer(24));
    const block = WINDOW + 4 * MiB;
    plug.setBigUint64(8, BigInt(block), true);
    plug.setUint16(16, 1, true);
    await driver.send(0, [new Uint8Array(plug.buffer), 10]);
    for (const address of [0x1234, 9 * MiB, block + 8]) wire.request(`writel ${address} 0x11223344`);
    const events = listen(emulator);

    expect(await dump(emulator)).toEqual({ return: {} });
    const result = { total: MEMORY + 2 * MiB, completed: MEMORY + 2 * MiB, status: 'completed' };
    expect(events).toEqual([{ name: 'DUMP_COMPLETED', data: { result } }]);
    expect(await ask(emulator, 'query-dump')).toEqual({ return: result });
    expect(await executeLine('info dump', emulator.machine, { cpuIndex: 0 })).toBe('Status: completed\n');

    const bytes = readFileSync(file);
    const all = loads(bytes);
    expect(all.map(({ address, bytes: length }) => ({ address, bytes: length }))).toEqual([LOW, HIGH, { address: block, bytes: 2 * MiB }]);
    expect(bytes.length).toBe(all[0]!.offset + result.total + '\0.shstrtab\0'.length);
    const at = (address: number): number => {
      const { offset, address: start } = all.find((one) => one.address <= address && address < one.address + one.bytes)!;
      return bytes.readUInt32LE(offset + address - start);
    };
    expect([0x1234, 9 * MiB, block + 8, 0x1230, block].map(at)).toEqual([0x1122_3344, 0x1122_3344, 0x1122_3344, 0, 0]);
    expect(statSync(file).mode & 0o777).toBe(0o400);
    // The processor as a board with nothing to boot starts it: RIP, and the limit of the GDT.
    const state = bytes.subarray(bytes.indexOf('QEMU\0\0\0\0') + 8);
    expect([state.readBigUInt64LE(8 + 8 * 16), state.readUInt32LE(152 + 24 * 8 + 4)]).toEqual([0x7c00n, 0x1f]);

    rmSync(file);
    expect(await executeLine(`dump-guest-memory ${file} ${HIGH.address - 0x2_1000} 0x3000`, emulator.machine, { cpuIndex: 0 })).toBe('');
    expect(await ask(emulator, 'query-dump')).toMatchObject({ return: { total: 0x1000 } });
  });
});

it('lets a machine that runs stand still meanwhile', async () => {
  await tryCommandLine(words('-accel qtest -display none -m 16M'), async (emulator) => {
    const events = listen(emulator);
    emulator.machine.runState.set('running');
    expect(await dump(emulator, { detach: true })).toEqual({ return: {} });
    const busy = { error: { class: 'GenericError', desc: 'There is a dump in process, please wait.' } };
    for (const command of ['cont', 'stop', 'dump-guest-memory']) {
      expect(await ask(emulator, command, command === 'dump-guest-memory' ? { paging: false, protocol: 'file:other' } : {})).toEqual(busy);
    }
    expect(await ask(emulator, 'query-status')).toMatchObject({ return: { running: false, status: 'save-vm' } });
    expect(await executeLine('info dump', emulator.machine, { cpuIndex: 0 })).toMatch(/^Status: active\nFinished: \d+\.\d\d %\n$/);
    while (!emulator.machine.runState.running) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(events.map(({ name }) => name)).toEqual(['STOP', 'DUMP_COMPLETED', 'RESUME']);
  });
});

it('answers what is wrong as QEMU does', async () => {
  await tryCommandLine(words('-S -display none -m 16M'), async (emulator) => {
    const refused: readonly (readonly [object, string])[] = [
      [{ protocol: 'nofile:x' }, "Invalid parameter 'protocol'"],
      [{ protocol: 'fd:x' }, "File descriptor named 'x' has not been found"],
      [{ protocol: `file:${folder}/none/core` }, `Could not open '${folder}/none/core': No such file or directory`],
      [{ protocol: `file:${folder}` }, `Could not open '${folder}': Is a directory`],
      [{ protocol: 'file:' }, "Could not open '': No such file or directory"],
      [{ begin: 0 }, "Parameter 'length' is missing"],
      [{ length: 0 }, "Parameter 'begin' is missing"],
      [{ begin: 0, length: 0 }, "Invalid parameter 'length'"],
      [{ begin: -1, length: 4096 }, "Invalid parameter 'begin'"],
      [{ begin: WINDOW, length: 4096 }, 'dump: no guest memory to dump'],
      [{ begin: 4096, length: -4096 }, 'dump: no guest memory to dump'],
      [{ paging: true, format: 'kdump-zlib' }, "kdump-compressed format doesn't support paging or filter"],
      [{ format: 'kdump-lzo' }, 'kdump-lzo is not available now'],
      [{ format: 'xx' }, "Parameter 'format' does not accept value 'xx'"],
    ];
    for (const [given, desc] of refused) {
      expect({ given, reply: await dump(emulator, given) }).toEqual({ given, reply: { error: { class: 'GenericError', desc } } });
      rmSync(file, { force: true });
    }
    expect(await ask(emulator, 'query-dump')).toEqual({ return: { status: 'none', total: 0, completed: 0 } });
    const hmp = await executeLine(`dump-guest-memory -z -l ${file}`, emulator.machine, { cpuIndex: 0 });
    expect(hmp).toBe("Error: only one of '-z|-l|-s|-w' can be set\n");
  });
});

it('tells in reply and event that a file cannot be written', async () => {
  await tryCommandLine(words('-S -display none -m 16M'), async (emulator) => {
    const events = listen(emulator);
    const desc = 'dump: failed to write elf header: No space left on device';
    expect(await dump(emulator, { protocol: 'file:/dev/full' })).toEqual({ error: { class: 'GenericError', desc } });
    expect(events).toEqual([{ name: 'DUMP_COMPLETED', data: { result: { status: 'failed', total: MEMORY, completed: 0 }, error: desc } }]);
  });
});
