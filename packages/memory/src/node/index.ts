export { memoryOfThisHost } from './host-size.js';
export { type Libc, loadLibc } from './libc.js';
export { returnMemoryToHost } from './madvise.js';
