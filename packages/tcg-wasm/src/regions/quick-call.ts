/** Calls of helpers whose common case is IR (`Helper.quick`): that IR, as a little block of its own. */
import { BlockBuilder, Code, type Helper, type IrBlock, type Quick, type Value } from '@nandu/tcg';

export interface QuickCall {
  /** Gets of offset -(i + 1) stand for argument i. */
  readonly ir: IrBlock;
  readonly quick: Quick;
}

const builder = new BlockBuilder();

/** The common case of `op`, if it is a call and its helper has one; good until the next is asked for. */
export function quickCall(ir: IrBlock, op: number): QuickCall | undefined {
  if (ir.op[op] !== Code.OP_CALL) return undefined;
  const helper: Helper = ir.helpers[ir.a[op]!]!;
  if (!helper.quick) return undefined;
  builder.start();
  const args = ir.extra.slice(ir.b[op]!, ir.b[op]! + ir.c[op]!).map((value, i) => {
    const kind = ir.op[value]!;
    const isConstant = kind === Code.OP_I32 || kind === Code.OP_I64;
    return builder.block.push(
      isConstant ? kind : Code.OP_GET,
      ir.type[value]!,
      isConstant ? ir.a[value]! : -(i + 1),
      isConstant ? ir.b[value]! : 0,
      0,
    ) as Value;
  });
  const quick = helper.quick(builder, args);
  return quick && { ir: builder.block, quick };
}
