import { unreachable } from '@nandu/core';
import type { BlockMap, BlockRange } from './block-map.js';
import type { Request, Response } from './protocol.js';

/** What a decision depends on; bytes. */
export interface Region {
  readonly address: number;
  readonly blockSize: number;
  readonly usableSize: number;
  readonly requestedSize: number;
  readonly blocks: BlockMap;
}

export interface Decision {
  readonly response: Response;
  readonly change?: { readonly kind: 'plug' | 'unplug'; readonly range: BlockRange } | { readonly kind: 'unplugAll' };
}

const refuse = (answer: 'nack' | 'error'): Decision => ({ response: { answer } });
const ACK = { answer: 'ack' } as const;

/** The answer to a request, and the change to make (virtio 1.2, section 5.15.6). */
export function decide(request: Exclude<Request, { kind: 'unknown' }>, region: Region): Decision {
  if (request.kind === 'unplugAll') return { response: ACK, change: { kind: 'unplugAll' } };
  const { kind, address, blockCount } = request;
  const range = validRange(address, blockCount, region);
  if (!range) return refuse('error');
  const { blocks, blockSize, requestedSize } = region;
  switch (kind) {
    case 'state':
      return { response: { answer: 'ack', state: blocks.stateOf(range) } };
    case 'plug':
      if ((blocks.count + blockCount) * blockSize > requestedSize) return refuse('nack');
      return blocks.stateOf(range) === 'unplugged' ? { response: ACK, change: { kind, range } } : refuse('error');
    case 'unplug':
      return blocks.stateOf(range) === 'plugged' ? { response: ACK, change: { kind, range } } : refuse('error');
    default:
      return unreachable(kind);
  }
}

/** The blocks that are meant: aligned, at least one, all in the usable region. */
function validRange(address: number, blockCount: number, { address: base, blockSize, usableSize }: Region): BlockRange | undefined {
  if (address % blockSize !== 0 || blockCount === 0) return undefined;
  if (address < base || address + blockCount * blockSize > base + usableSize) return undefined;
  return { first: (address - base) / blockSize, count: blockCount };
}
