/** A backend as its user describes it: what `-chardev`, the short forms ('unix:x,server=on') and chardev-add parse to. */
export interface ChardevSpec {
  readonly id: string;
  /** QEMU's names: 'socket', 'stdio', 'file', 'null', 'ringbuf'. */
  readonly kind: string;
  readonly mux: boolean;
  readonly socket?: SocketSpec;
  /** `file`: where to; `input` is read from, if given. */
  readonly path?: string;
  readonly append?: boolean;
  readonly inputPath?: string;
  /** `stdio`: whether keys like Ctrl-C send signals. */
  readonly signal?: boolean;
  /** `ringbuf` */
  readonly sizeBytes?: number;
  /** Copies all input of the guest to this file. */
  readonly logfile?: string;
  readonly logappend?: boolean;
}

export interface SocketSpec {
  readonly address: { readonly path: string } | { readonly host: string; readonly port: number } | { readonly fd: number };
  readonly server: boolean;
  /** A server that waits for its first client before the machine starts. */
  readonly wait: boolean;
  readonly noDelay: boolean;
  /** Seconds until a client tries again; 0: never. */
  readonly reconnectSeconds: number;
}
