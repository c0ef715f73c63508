/**
 * The backward pass: drops sets of globals that are set again before anybody can look (a memory access, a helper that may
 * fault, an exit), and values that nobody uses.
 */
import {
  type IrBlock,
  NO_VALUE,
  OP_ARITY,
  OP_BRANCH,
  OP_CALL,
  OP_END,
  OP_EXIT_IF,
  OP_GET,
  OP_INSTRUCTION,
  OP_LOAD,
  OP_NOP,
  OP_SET,
  OP_SHUFFLE,
  OP_STORE,
} from './block.js';
import { GLOBALS_END } from './env.js';
import type { Helper } from './types.js';

let used = new Uint8Array(1024);
/** Globals (by offset / 4) that are set again before they are seen, where the stamp is the current one. */
const deadStamps = new Float64Array(GLOBALS_END / 4);
let stamp = 0;

export function eliminate(block: IrBlock): void {
  const { count, op, type, a, b, c, extra } = block;
  if (used.length < count) used = new Uint8Array(op.length);
  else used.fill(0, 0, count);
  stamp++;
  for (let i = count - 1; i >= 0; i--) {
    const o = op[i]!;
    if (o >= OP_SHUFFLE) {
      if (used[i] === 0) {
        op[i] = OP_NOP;
        continue;
      }
      const arity = OP_ARITY[o]!;
      used[a[i]!] = 1;
      if (arity > 1) used[b[i]!] = 1;
      if (arity > 2) used[c[i]!] = 1;
      continue;
    }
    switch (o) {
      case OP_NOP:
      case OP_INSTRUCTION:
        break;
      case OP_SET: {
        const slot = a[i]! >> 2;
        if (deadStamps[slot] === stamp) op[i] = OP_NOP;
        else {
          deadStamps[slot] = stamp;
          used[b[i]!] = 1;
        }
        break;
      }
      case OP_GET:
        if (used[i] === 0) op[i] = OP_NOP;
        else deadStamps[a[i]! >> 2] = 0;
        break;
      case OP_STORE:
      case OP_LOAD:
        if (o === OP_STORE) used[b[i]!] = 1;
        used[a[i]!] = 1;
        stamp++;
        break;
      case OP_CALL: {
        if (used[i] === 0 && isPure(block.helpers[a[i]!]!)) {
          op[i] = OP_NOP;
          break;
        }
        for (let k = b[i]!, end = k + c[i]!; k < end; k++) used[extra[k]!] = 1;
        const { reads, mayFault } = block.helpers[a[i]!]!;
        if (mayFault || reads === 'all') stamp++;
        else if (reads !== 'none') for (const global of reads) deadStamps[global.offset >> 2] = 0;
        break;
      }
      case OP_EXIT_IF:
      case OP_BRANCH:
        used[a[i]!] = 1;
        stamp++;
        break;
      case OP_END:
        stamp++;
        break;
      default:
        if (used[i] === 0 && type[i] !== NO_VALUE) op[i] = OP_NOP;
    }
  }
}

/** A helper that only computes: without its result it is nothing. */
function isPure({ result, reads, writes, mayFault }: Helper): boolean {
  return result !== undefined && reads !== 'all' && writes === 'none' && !mayFault;
}
