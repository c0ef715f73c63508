/** Opcodes, type codes and access codes of `IrBlock`. */
export * as Code from './block.js';
export { encodeAccess, IrBlock, opcodeOf } from './block.js';
export { BlockBuilder } from './builder.js';
export * as Env from './env.js';
export type { Ir } from './ir.js';
export { OPS, type OpName, type OpSignature, type ShuffleName } from './ops.js';
export { optimise, PASSES, type Pass } from './optimise.js';
export { NumberReader, NumberWriter, packIr, unpackIr } from './pack.js';
export { print } from './print.js';
export {
  ACCESS_EXECUTE,
  ACCESS_READ,
  ACCESS_WRITE,
  CodeFault,
  type CodeReader,
  DATA_START,
  PROT_EXECUTE,
  PROT_GLOBAL,
  PROT_READ,
  PROT_WRITE,
  TARGET_EXPORTS,
  type Target,
  type TargetCpu,
  type TargetImports,
  type TranslatedBlock,
  type TranslateRequest,
} from './target.js';
export {
  CODE_CHANGED,
  CODE_PAGE,
  type Exit,
  type Global,
  type Helper,
  type MemoryAccess,
  type Quick,
  SIZE_OF,
  type Touches,
  VALUE_TYPES,
  type Value,
  type ValueType,
} from './types.js';
