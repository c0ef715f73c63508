const { createHash } = require('node:crypto');
const sum = (value) =>
  createHash('sha256')
    .update(typeof value === 'string' ? value : JSON.stringify(value))
    .digest('hex')
    .slice(0, 24);
let seed = 1;
const random = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) / 2 ** 32;

function floats(n) {
  let s = 0;
  for (let i = 1; i < n; i++) s += (Math.sin(i) * Math.sqrt(i)) / (1 + (i % 7)) - Math.atan2(i, 3) + Math.exp(-i / n) + Math.log(i) ** 0.5;
  return s;
}
function integers(n) {
  let h = 0;
  for (let i = 0; i < n; i++) h = ((Math.imul(h ^ i, 0x9e3779b1) >>> 3) ^ (h << 5) ^ (i % 11 === 0 ? -i : i)) | 0;
  return h;
}
function sieve(n) {
  const flags = new Uint8Array(n + 1);
  let count = 0;
  for (let i = 2; i <= n; i++)
    if (!flags[i]) {
      count++;
      for (let j = i * 2; j <= n; j += i) flags[j] = 1;
    }
  return count;
}
function matrix(n) {
  const a = new Float64Array(n * n).map(random),
    b = new Float64Array(n * n).map(random),
    c = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let k = 0; k < n; k++) for (let j = 0; j < n; j++) c[i * n + j] += a[i * n + k] * b[k * n + j];
  return sum([...c]);
}
class Shape {
  area() {
    return 0;
  }
}
class Circle extends Shape {
  constructor(r) {
    super();
    this.r = r;
  }
  area() {
    return Math.PI * this.r * this.r;
  }
}
class Square extends Shape {
  constructor(s) {
    super();
    this.s = s;
  }
  area() {
    return this.s * this.s;
  }
}
const shapes = Array.from({ length: 2000 }, (_, i) => (i % 3 ? new Circle(random()) : i % 2 ? new Square(random()) : new Shape()));
const areas = () => shapes.reduce((total, shape) => total + shape.area(), 0);
function* fibonacci() {
  let [a, b] = [0n, 1n];
  for (;;) {
    yield a;
    [a, b] = [b, a + b];
  }
}

for (let round = 0; round < 2; round++) {
  console.log('floats', floats(60000));
  console.log('integers', integers(2000000));
  console.log('sieve', sieve(300000));
  console.log('matrix', matrix(90));
  for (let i = 0; i < 60; i++) areas();
  console.log('areas', areas());
  let last = 0n,
    at = 0;
  for (const f of fibonacci()) {
    last = f;
    if (++at === 3000) break;
  }
  console.log('bigint', sum(last.toString()), (2n ** 607n - 1n) % 1000000007n, ((last * last) / 12345678901234567890n) % 10n ** 18n);
  const words = Array.from({ length: 4000 }, () => Math.floor(random() * 2 ** 32).toString(36));
  console.log(
    'words',
    sum(
      words
        .sort()
        .join()
        .replace(/([a-z]+)(\d)/g, '$2$1'),
    ),
    words.filter((w) => /^(?:[a-z]\d|q)+.*[x-z]$/.test(w)).length,
  );
  const map = new Map(words.map((w, i) => [w, i]));
  console.log('objects', sum(Object.fromEntries(map)), JSON.parse(JSON.stringify([...map])).length);
  let caught = 0;
  for (let i = 0; i < 2000; i++)
    try {
      if (i % 3 === 0) throw new RangeError(String(i));
    } catch (error) {
      caught += Number(error.message);
    }
  // biome-ignore lint/security/noGlobalEval: eval is one of the things to be tried.
  console.log('caught', caught, eval(`(${integers.toString()})(1000)`), new Function('a', 'b', 'return a ** b')(1.1, 33));
}
const section = (id, ...content) => [id, content.length, ...content];
const f64 = (value) => [0x44, ...new Uint8Array(new Float64Array([value]).buffer)];
// (func (export "f") (param i32) (result f64) (local f64)), a loop: local = (local + 1) * 0.9, so many times.
const body = [1, 1, 0x7c, 0x03, 0x40, 0x20, 1, ...f64(1), 0xa0, ...f64(0.9), 0xa2, 0x21, 1, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x20, 1, 0x0b];
const module_ = [
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  ...section(1, 1, 0x60, 1, 0x7f, 1, 0x7c),
  ...section(3, 1, 0),
  ...section(7, 1, 1, 102, 0, 0),
  ...section(10, 1, body.length, ...body),
];
const bytes = new Uint8Array(module_);
const wasm = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
console.log('wasm', wasm.f(10), wasm.f(3000000));
const { Worker } = require('node:worker_threads');
const worker = new Worker(`require('node:worker_threads').parentPort.postMessage((${sieve.toString()})(200000))`, { eval: true });
worker.on('message', (count) => {
  console.log('worker', count);
  console.log('zlib', require('node:zlib').gunzipSync(require('node:zlib').gzipSync('nandu'.repeat(50000))).length);
});
