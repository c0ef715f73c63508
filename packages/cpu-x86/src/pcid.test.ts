import { HelperHost } from './testing/helper-host.js';
import { enterLongMode, LONG_MODE as W } from './testing/long-mode.js';

const PCIDE = 0x2_0000n;
const GP = { vector: 13, error: 0 };
const DESCRIPTOR = 0x5000;

function longModeHost(withPcids: boolean): HelperHost {
  const host = new HelperHost();
  enterLongMode(host, host.cpu, 0x1_0000);
  if (withPcids) host.cpu.setState({ registers: { cr4: host.cpu.readRegister('cr4')! | PCIDE } });
  return host;
}

function writeCr(host: HelperHost, number: number, value: bigint) {
  host.forget();
  host.call['write_cr']!(number, value);
  return host.announced;
}

describe('process-context identifiers', () => {
  it('are turned on in long mode, with PCID 0 in CR3 only', () => {
    const host = longModeHost(false);
    const cr4 = host.cpu.readRegister('cr4')! | PCIDE;
    expect(writeCr(host, 3, BigInt(W.pml4) | 8n)).toBeUndefined();
    expect(writeCr(host, 4, cr4)).toEqual(GP);
    expect(writeCr(host, 3, BigInt(W.pml4))).toBeUndefined();
    expect(writeCr(host, 4, cr4)).toBeUndefined();
    expect(host.cpu.readRegister('cr4')).toBe(cr4);
    const legacy = new HelperHost();
    expect(writeCr(legacy, 4, PCIDE)).toEqual(GP);
  });

  it('give bit 63 of CR3 a meaning, which is not stored', () => {
    const value = BigInt(W.pml4) | 5n;
    const plain = longModeHost(false);
    expect(writeCr(plain, 3, value | (1n << 63n))).toEqual(GP);
    const host = longModeHost(true);
    expect(writeCr(host, 3, value | (1n << 63n))).toBeUndefined();
    expect(host.cpu.readRegister('cr3')).toBe(value);
    expect(writeCr(host, 3, value | (1n << 62n))).toEqual(GP);
  });

  it('keep paging on', () => {
    const host = longModeHost(true);
    // In compatibility mode: 64-bit code may not turn paging off anyway.
    host.cpu.setState({ segments: { cs: { selector: 8, base: 0n, limit: 0xffff_ffff, flags: 0xcf9b00 } } });
    expect(writeCr(host, 0, host.cpu.readRegister('cr0')! & 0x7fff_ffffn)).toEqual(GP);
  });

  it.each([
    { type: 0n, pcid: 0n, address: 0x1000n, withPcids: false, refused: false },
    { type: 0n, pcid: 1n, address: 0x1000n, withPcids: false, refused: true },
    { type: 0n, pcid: 1n, address: 0x1000n, withPcids: true, refused: false },
    { type: 0n, pcid: 1n, address: 0x8000_0000_0000n, withPcids: true, refused: true },
    { type: 1n, pcid: 0xfffn, address: 0n, withPcids: true, refused: false },
    { type: 1n, pcid: 0x1000n, address: 0n, withPcids: true, refused: true },
    { type: 2n, pcid: 7n, address: 0n, withPcids: false, refused: false },
    { type: 3n, pcid: 0x1000n, address: 0n, withPcids: false, refused: true },
    { type: 4n, pcid: 0n, address: 0n, withPcids: true, refused: true },
  ])('INVPCID $type of PCID $pcid, address $address, with PCIDs: $withPcids', ({ type, pcid, address, withPcids, refused }) => {
    const host = longModeHost(withPcids);
    host.write64(DESCRIPTOR, pcid, address);
    host.call['invpcid']!(type, BigInt(DESCRIPTOR));
    expect(host.announced).toEqual(refused ? GP : undefined);
  });
});
