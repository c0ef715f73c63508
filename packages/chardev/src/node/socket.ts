import { existsSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type ListenOptions, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { ConfigError, reasonOf } from '@nandu/core';
import { BaseChardev } from '../base.js';
import type { SocketSpec } from '../spec.js';
import { WriteBatch } from '../write-batch.js';

/** Bytes that a client has not taken, beyond which it is not listened to until it does. */
const CONGESTED_BYTES = 1 << 20;

/** Bytes that a client has not taken, beyond which what is written for it (events, a guest's output) is dropped, a write at a time. */
const DROP_BYTES = 64 << 20;

/** The one that is served and those that wait; more are turned away. */
const MAX_CLIENTS = 64;

/** How long a client that does not read may hold up the end. */
const FLUSH_MS = 500;

/** A unix or TCP socket, server or client. A server talks to one client at a time; others wait their turn. */
export class SocketChardev extends BaseChardev {
  private socket: Socket | undefined;
  private server: Server | undefined;
  private readonly queue: Socket[] = [];
  private retry: ReturnType<typeof setTimeout> | undefined;
  private readonly output = new WriteBatch((bytes) => this.socket?.write(bytes));
  private isClosed = false;
  /** After `close`: fulfilled when what was written has gone out. */
  closed: Promise<void> = Promise.resolve();
  private boundPort: number | undefined;
  private firstClient: (() => void) | undefined;
  /** Fulfilled once it listens (with `wait`: once a client is there) or is connected. */
  readonly ready: Promise<void>;

  constructor(
    id: string,
    private readonly spec: SocketSpec,
  ) {
    super(id);
    this.ready = spec.server ? this.listen() : this.connect();
    // Whoever waits hears of it; nobody has to.
    this.ready.catch(() => {});
  }

  get filename(): string {
    const { address, server } = this.spec;
    const what = 'path' in address ? `unix:${address.path}` : 'fd' in address ? `fd:${address.fd}` : `tcp:${address.host}:${this.boundPort ?? address.port}`;
    const local = `${what}${server ? ',server=on' : ''}`;
    if (!this.socket) return `disconnected:${local}`;
    return 'port' in address ? `${local} <-> ${this.socket.remoteAddress}:${this.socket.remotePort}` : local;
  }

  write(bytes: Uint8Array): void {
    if (this.untaken < DROP_BYTES) this.output.write(bytes);
  }

  override close(): void {
    this.isClosed = true;
    this.output.flush();
    clearTimeout(this.retry);
    for (const socket of this.queue) socket.destroy();
    const { socket } = this;
    if (socket) {
      this.closed = new Promise((resolve) => {
        setTimeout(resolve, FLUSH_MS).unref();
        socket.end(resolve);
      });
    }
    this.server?.close();
    super.close();
  }

  protected override get congested(): boolean {
    return this.untaken > CONGESTED_BYTES;
  }

  private get untaken(): number {
    return this.socket?.writableLength ?? 0;
  }

  protected override setReading(reading: boolean): void {
    if (reading) this.socket?.resume();
    else this.socket?.pause();
  }

  private async listen(): Promise<void> {
    const { address } = this.spec;
    const where: ListenOptions =
      'path' in address ? { path: address.path } : 'fd' in address ? ({ fd: address.fd } as ListenOptions) : { host: address.host, port: address.port };
    if ('path' in address) await freePath(address.path);
    const server = createServer({ pauseOnConnect: true, noDelay: this.spec.noDelay }, (socket) => this.accepted(socket));
    server.maxConnections = MAX_CLIENTS;
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          new ConfigError(
            `Failed to ${'port' in address ? 'find an available port' : `bind socket to ${'path' in address ? address.path : `fd ${address.fd}`}`}: ${reasonOf(error)}`,
          ),
        ),
      );
      server.listen(where, resolve);
    });
    // A client that cannot be accepted is no concern of the others.
    server.on('error', () => {});
    const bound = server.address();
    if (bound && typeof bound === 'object') this.boundPort = bound.port;
    if (!this.spec.wait || this.socket) return;
    await new Promise<void>((resolve) => {
      this.firstClient = resolve;
    });
  }

  private accepted(socket: Socket): void {
    socket.on('error', () => {});
    socket.on('close', () => this.lost(socket));
    if (this.socket) this.queue.push(socket);
    else this.use(socket);
  }

  private async connect(): Promise<void> {
    const { address } = this.spec;
    if ('fd' in address) throw new ConfigError(`a client socket by 'fd' is not implemented`);
    const where: NetConnectOpts = 'path' in address ? { path: address.path } : { host: address.host, port: address.port, noDelay: this.spec.noDelay };
    const socket = connect(where);
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('error', reject);
      });
    } catch (error) {
      if (this.spec.reconnectSeconds > 0) return this.reconnectLater();
      throw new ConfigError(`Failed to connect to '${'path' in address ? address.path : `${address.host}:${address.port}`}': ${reasonOf(error)}`);
    }
    socket.on('error', () => {});
    socket.on('close', () => this.lost(socket));
    this.use(socket);
  }

  private reconnectLater(): void {
    if (this.isClosed) return;
    this.retry = setTimeout(() => void this.connect().catch(() => {}), this.spec.reconnectSeconds * 1000);
  }

  private use(socket: Socket): void {
    this.socket = socket;
    socket.on('data', (bytes) => this.received(bytes as Uint8Array));
    socket.on('drain', () => this.deliver());
    this.setConnected(true);
    this.firstClient?.();
    socket.resume();
  }

  private lost(socket: Socket): void {
    const waiting = this.queue.indexOf(socket);
    if (waiting >= 0) this.queue.splice(waiting, 1);
    if (this.socket !== socket) return;
    this.socket = undefined;
    if (this.isClosed) return;
    this.setConnected(false);
    const next = this.queue.shift();
    if (next) this.use(next);
    else if (!this.spec.server && this.spec.reconnectSeconds > 0) this.reconnectLater();
  }
}

/** Takes a socket that nobody answers at out of the way; anything else at that path is left alone. */
async function freePath(path: string): Promise<void> {
  // Node would say that this is a matter of permission.
  if (!existsSync(dirname(path))) throw new ConfigError(`Failed to bind socket to ${path}: No such file or directory`);
  if (!existsSync(path)) return;
  const inUse = new ConfigError(`Failed to bind socket to ${path}: Address already in use`);
  if (!lstatSync(path).isSocket()) throw inUse;
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (alive) throw inUse;
  unlinkSync(path);
}
