/**
 * HMP's integer expressions: + and - bind weakest, then & | ^, then * / %, then unary + - ~, 'c', $register, numbers in C's
 * syntax. 64-bit, wrapping.
 */
export class ExpressionError extends Error {}

export interface Expression {
  readonly value: bigint;
  /** Where it ended in the text. */
  readonly end: number;
}

/** The value of a $register of the current vCPU, or undefined where there is none of that name. */
export type Registers = (name: string) => bigint | undefined;

export function parseExpression(text: string, start: number, registers: Registers): Expression {
  const parser = new Parser(text, start, registers);
  const value = parser.sum();
  return { value: BigInt.asIntN(64, value), end: parser.at };
}

/** Operators and parentheses around one another; each takes room on the stack. */
const MAX_NESTING = 256;

class Parser {
  private depth = 0;

  constructor(
    private readonly text: string,
    public at: number,
    private readonly registers: Registers,
  ) {
    this.skipSpace();
  }

  sum(): bigint {
    return this.chain(() => this.logic(), { '+': (a, b) => a + b, '-': (a, b) => a - b });
  }
  private logic(): bigint {
    return this.chain(() => this.product(), { '&': (a, b) => a & b, '|': (a, b) => a | b, '^': (a, b) => a ^ b });
  }
  private product(): bigint {
    return this.chain(() => this.unary(), {
      '*': (a, b) => a * b,
      '/': (a, b) => a / nonZero(b),
      '%': (a, b) => a % nonZero(b),
    });
  }

  private chain(operand: () => bigint, operators: Readonly<Record<string, (a: bigint, b: bigint) => bigint>>): bigint {
    let value = operand();
    for (let apply = operators[this.here]; apply; apply = operators[this.here]) {
      this.skip(1);
      value = BigInt.asIntN(64, apply(value, operand()));
    }
    return value;
  }

  private unary(): bigint {
    if (++this.depth > MAX_NESTING) throw new ExpressionError('expression nested too deeply');
    const value = this.operand();
    this.depth--;
    return value;
  }

  private operand(): bigint {
    const c = this.here;
    switch (c) {
      case '':
        throw new ExpressionError('unexpected end of expression');
      case '+':
        this.skip(1);
        return this.unary();
      case '-':
        this.skip(1);
        return BigInt.asIntN(64, -this.unary());
      case '~':
        this.skip(1);
        return ~this.unary();
      case '(':
        return this.group();
      case "'":
        return this.character();
      case '$':
        return this.register();
      default:
        return this.number();
    }
  }

  private group(): bigint {
    this.skip(1);
    const value = this.sum();
    if (this.here !== ')') throw new ExpressionError(`')' expected`);
    this.skip(1);
    return value;
  }

  private character(): bigint {
    const c = this.text[this.at + 1];
    if (c === undefined) throw new ExpressionError('character constant expected');
    if (this.text[this.at + 2] !== "'") throw new ExpressionError(`missing terminating ' character`);
    this.skip(3);
    return BigInt(c.charCodeAt(0));
  }

  private register(): bigint {
    const name = /^\$([A-Za-z0-9._]*)/.exec(this.text.slice(this.at))?.[1] ?? '';
    const value = this.registers(name);
    if (value === undefined) throw new ExpressionError('unknown register');
    this.skip(name.length + 1);
    return BigInt.asIntN(64, value);
  }

  private number(): bigint {
    const [digits] = /^(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)/.exec(this.text.slice(this.at)) ?? [];
    if (digits === undefined) throw new ExpressionError(`invalid char '${this.here}' in expression`);
    const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
    if (value >= 2n ** 64n) throw new ExpressionError('number too large');
    this.skip(digits.length);
    return value;
  }

  private get here(): string {
    return this.text[this.at] ?? '';
  }
  private skip(count: number): void {
    this.at += count;
    this.skipSpace();
  }
  private skipSpace(): void {
    while (/\s/.test(this.here)) this.at++;
  }
}

function nonZero(value: bigint): bigint {
  if (value === 0n) throw new ExpressionError('division by zero');
  return value;
}
