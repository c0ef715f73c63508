/** The words of a request, as C's strtoull and friends read them. */
import { parseInteger } from '@nandu/core';

/** A request that cannot be carried out: its reply, complete. */
export class Refused extends Error {}

/** 64 bits, unsigned; text that is no number counts as 0. */
export function unsigned(word: string | undefined): bigint {
  return BigInt.asUintN(64, parseInteger(word ?? '') ?? 0n);
}

export function address(word: string | undefined): number {
  return Number(unsigned(word));
}

export function port(word: string | undefined): number {
  const value = address(word);
  // QEMU gives up the ghost here; a test is better served by a reply.
  if (value > 0xffff) throw new Refused('ERR invalid port');
  return value;
}

const MAX_BYTES = 256 * 1024 * 1024;

export function length(word: string | undefined, { zero }: { readonly zero: boolean }): number {
  const value = address(word);
  if (value > MAX_BYTES || (value === 0 && !zero)) throw new Refused('ERR invalid argument size');
  return value;
}

/** '0x0102' as bytes, filled up with zeros or cut to `count`. */
export function hexBytes(word: string | undefined, count: number): Uint8Array {
  const digits = /^0x([0-9a-fA-F]+)/.exec(word ?? '')?.[1];
  if (digits === undefined) throw new Refused('ERR invalid argument size');
  return Uint8Array.from({ length: count }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2) || '0', 16));
}

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

const CHUNK = 8192;

export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
}

export function base64Bytes(word: string | undefined, count: number): Uint8Array {
  let binary: string;
  try {
    binary = atob(word ?? '');
  } catch {
    throw new Refused('ERR invalid argument size');
  }
  return Uint8Array.from({ length: count }, (_, i) => (i < binary.length ? binary.charCodeAt(i) : 0));
}
