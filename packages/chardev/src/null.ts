import { BaseChardev } from './base.js';

/** Takes everything, says nothing. */
export class NullChardev extends BaseChardev {
  readonly filename = 'null';
  constructor(id: string) {
    super(id);
    this.setConnected(true);
  }
  write(): void {}
}
