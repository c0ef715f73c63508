/**
 * The line editor of HMP, byte for byte as QEMU's: after each key the line is drawn again from its start. Lines are kept as
 * 'binary strings', one character a byte.
 */
const HISTORY_LINES = 64;
const LINE_BYTES = 4094;

export interface Completions {
  /** How much of what was typed they all start with. */
  readonly prefixLength: number;
  readonly words: readonly string[];
}

export interface ReadLineHost {
  /** Bytes for the terminal. */
  write(binary: string): void;
  /** The prompt, and whatever belongs before it. */
  prompt: string;
  complete(line: string): Completions;
  run(line: string): void;
}

export class ReadLine {
  readonly history: string[] = [];
  private line = '';
  private cursor = 0;
  private drawn = '';
  private drawnCursor = 0;
  /** Which line of the history is shown, if one is. */
  private shown: number | undefined;
  private escape: 'none' | 'esc' | 'csi' | 'ss3' = 'none';
  private parameter = 0;

  constructor(private readonly host: ReadLineHost) {}

  /** Forgets what was typed so far. */
  restart(): void {
    this.line = '';
    this.cursor = 0;
  }

  showPrompt(): void {
    this.host.write(this.host.prompt);
    this.drawn = '';
    this.drawnCursor = 0;
    this.escape = 'none';
  }

  feed(byte: number): void {
    switch (this.escape) {
      case 'none':
        this.key(byte);
        break;
      case 'esc':
        this.afterEscape(String.fromCharCode(byte));
        break;
      case 'csi':
        this.controlSequence(String.fromCharCode(byte));
        break;
      case 'ss3':
        this.singleShift(String.fromCharCode(byte));
        break;
    }
    this.draw();
  }

  private key(byte: number): void {
    const act = this.keys[byte];
    if (act) act();
    else if (byte >= 32) this.insert(String.fromCharCode(byte));
  }

  private readonly keys: Readonly<Record<number, () => void>> = {
    1: () => {
      this.cursor = 0;
    },
    4: () => this.deleteAt(this.cursor),
    5: () => {
      this.cursor = this.line.length;
    },
    8: () => this.backspace(),
    9: () => this.complete(),
    10: () => this.enter(),
    12: () => this.clearScreen(),
    13: () => this.enter(),
    14: () => this.down(),
    16: () => this.up(),
    23: () => this.eraseWord(),
    27: () => {
      this.escape = 'esc';
    },
    127: () => this.backspace(),
    155: () => this.startSequence(),
  };

  private startSequence(): void {
    this.escape = 'csi';
    this.parameter = 0;
  }
  private afterEscape(c: string): void {
    if (c === '[') this.startSequence();
    else this.escape = c === 'O' ? 'ss3' : 'none';
  }
  private controlSequence(c: string): void {
    if (c >= '0' && c <= '9') {
      this.parameter = this.parameter * 10 + Number(c);
      return;
    }
    this.escape = 'none';
    if (c === 'A' || c === 'F') this.up();
    else if (c === 'B' || c === 'E') this.down();
    else if (c === 'D') this.cursor = Math.max(0, this.cursor - 1);
    else if (c === 'C') this.cursor = Math.min(this.line.length, this.cursor + 1);
    else if (c === '~' && this.parameter === 1) this.cursor = 0;
    else if (c === '~' && this.parameter === 3) this.deleteAt(this.cursor);
    else if (c === '~' && this.parameter === 4) this.cursor = this.line.length;
  }
  private singleShift(c: string): void {
    this.escape = 'none';
    if (c === 'F') this.cursor = this.line.length;
    else if (c === 'H') this.cursor = 0;
  }

  private insert(text: string): void {
    if (this.line.length + text.length > LINE_BYTES) return;
    this.line = this.line.slice(0, this.cursor) + text + this.line.slice(this.cursor);
    this.cursor += text.length;
  }
  private deleteAt(index: number): void {
    this.line = this.line.slice(0, index) + this.line.slice(index + 1);
  }
  private backspace(): void {
    if (this.cursor > 0) this.deleteAt(--this.cursor);
  }
  private eraseWord(): void {
    const before = this.line.slice(0, this.cursor).replace(/\S*\s*$/, '');
    this.line = before + this.line.slice(this.cursor);
    this.cursor = before.length;
  }

  private up(): void {
    const next = (this.shown ?? this.history.length) - 1;
    if (this.shown === 0 || next < 0) return;
    this.show(next);
  }
  private down(): void {
    if (this.shown === undefined) return;
    if (this.shown + 1 < this.history.length) return this.show(this.shown + 1);
    this.shown = undefined;
    this.line = '';
    this.cursor = 0;
  }
  private show(index: number): void {
    this.shown = index;
    this.line = this.history[index] as string;
    this.cursor = this.line.length;
  }

  private enter(): void {
    const { line } = this;
    this.remember(line);
    this.host.write('\r\n');
    this.line = '';
    this.cursor = 0;
    this.drawn = '';
    this.drawnCursor = 0;
    this.host.run(line);
  }

  /** A line that is there already moves to the end; a shown one that was edited is replaced by its new text. */
  private remember(line: string): void {
    if (line === '') return;
    const same = this.history.indexOf(line);
    if (same >= 0) this.history.splice(same, 1);
    else if (this.shown !== undefined) this.history.splice(this.shown, 1);
    else if (this.history.length === HISTORY_LINES) this.history.shift();
    this.history.push(line);
    this.shown = undefined;
  }

  private complete(): void {
    const { words, prefixLength } = this.host.complete(this.line.slice(0, this.cursor));
    if (words.length === 1) {
      const [word = ''] = words;
      this.insert(word.slice(prefixLength));
      if (!word.endsWith('/')) this.insert(' ');
    } else if (words.length > 1) {
      this.list([...words].sort(), prefixLength);
    }
  }

  private list(words: readonly string[], prefixLength: number): void {
    let common = words[0] as string;
    for (const word of words) while (!word.startsWith(common)) common = common.slice(0, -1);
    this.host.write('\r\n');
    this.insert(common.slice(prefixLength));
    const width = Math.min(80, Math.max(10, Math.max(...words.map((w) => w.length)) + 2));
    const columns = Math.floor(80 / width);
    for (let i = 0; i < words.length; i += columns) {
      this.host.write(
        `${words
          .slice(i, i + columns)
          .map((w) => w.padEnd(width))
          .join('')}\r\n`,
      );
    }
    this.showPrompt();
  }

  private clearScreen(): void {
    this.host.write('\x1b[2J\x1b[1;1H');
    this.showPrompt();
  }

  private draw(): void {
    if (this.line !== this.drawn) {
      this.host.write(`${'\x1b[D'.repeat(this.drawnCursor)}${this.line}\x1b[K`);
      this.drawn = this.line;
      this.drawnCursor = this.line.length;
    }
    const delta = this.cursor - this.drawnCursor;
    if (delta !== 0) {
      this.host.write((delta > 0 ? '\x1b[C' : '\x1b[D').repeat(Math.abs(delta)));
      this.drawnCursor = this.cursor;
    }
  }
}
