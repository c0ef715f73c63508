export { type CodeReader, CodeFault, DATA_START, type Target, type TargetCpu, type TargetImports, type TranslatedBlock, type TranslateRequest } from './target.js';
export { ACCESS_EXECUTE, ACCESS_READ, ACCESS_WRITE, PROT_EXECUTE, PROT_GLOBAL, PROT_READ, PROT_WRITE, TARGET_EXPORTS } from './target.js';
export type { Ir } from './ir.js';
export { type OpName, OPS, type OpSignature, type ShuffleName } from './ops.js';
export { type Exit, type Global, type Helper, type MemoryAccess, SIZE_OF, type Touches, type Value, VALUE_TYPES, type ValueType } from './types.js';
export * as Env from './env.js';
export { encodeAccess, IrBlock, opcodeOf } from './block.js';
/** Opcodes, type codes and access codes of `IrBlock`. */
export * as Code from './block.js';
export { BlockBuilder } from './builder.js';
export { optimise, PASSES, type Pass } from './optimise.js';
export { print } from './print.js';
