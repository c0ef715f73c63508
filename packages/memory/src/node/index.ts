export { memoryOfThisHost } from './host-size.js';
export { returnMemoryToHost } from './madvise.js';
