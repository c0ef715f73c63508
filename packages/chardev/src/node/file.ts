import { closeSync, createReadStream, openSync, type ReadStream, writeSync } from 'node:fs';
import { ConfigError, reasonOf } from '@nandu/core';
import { BaseChardev } from '../base.js';
import type { ChardevSpec } from '../spec.js';
import { WriteBatch } from '../write-batch.js';

/** Output to a file; optionally input from another, read once from its start. */
export class FileChardev extends BaseChardev {
  readonly filename = 'file';
  private readonly fd: number;
  private readonly input: ReadStream | undefined;
  private readonly output = new WriteBatch((bytes) => void writeSync(this.fd, bytes));

  constructor(spec: ChardevSpec) {
    super(spec.id);
    const path = spec.path as string;
    try {
      this.fd = openSync(path, spec.append ? 'a' : 'w');
    } catch (error) {
      throw new ConfigError(`Could not open '${path}': ${reasonOf(error)}`);
    }
    this.setConnected(true);
    if (spec.inputPath !== undefined) {
      this.input = createReadStream(spec.inputPath);
      this.input.on('data', (bytes) => this.received(bytes as Uint8Array));
      this.input.on('error', () => {});
    }
  }

  write(bytes: Uint8Array): void {
    this.output.write(bytes);
  }
  override close(): void {
    this.input?.destroy();
    this.output.flush();
    closeSync(this.fd);
    super.close();
  }
  protected override setReading(reading: boolean): void {
    if (reading) this.input?.resume();
    else this.input?.pause();
  }
}
