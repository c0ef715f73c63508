import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A unix socket read as text: wait for what should come, and take everything up to there. */
export class TextSocket {
  private received = '';
  private waiting: (() => void) | undefined;
  private closed = false;

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('utf8');
    socket.on('data', (data) => {
      this.received += data;
      this.waiting?.();
    });
    for (const event of ['close', 'error'] as const) {
      socket.on(event, () => {
        this.closed = true;
        this.waiting?.();
      });
    }
  }

  /** Connects as soon as somebody listens. */
  static async connect(path: string, timeoutMs: number, alive: () => boolean): Promise<TextSocket> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const socket = connect(path);
      const connected = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true));
        socket.once('error', () => resolve(false));
      });
      if (connected) return new TextSocket(socket);
      if (Date.now() > deadline || !alive()) throw new Error(`nobody listens at ${path}`);
      await sleep(20);
    }
  }

  send(text: string): void {
    this.socket.write(text);
  }

  /** Everything up to and including the first match of `pattern`. */
  async until(pattern: RegExp, timeoutMs: number): Promise<string> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.received);
      if (match) {
        const end = match.index + match[0].length;
        const text = this.received.slice(0, end);
        this.received = this.received.slice(end);
        return text;
      }
      const left = deadline - Date.now();
      if (left <= 0 || this.closed) {
        throw new Error(`${this.closed ? 'closed' : 'timed out'} while waiting for ${pattern}; the last that came:\n${this.received.slice(-2000)}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    this.socket.destroy();
  }
}
