import { parseChardev, parseShortForm } from './parse.js';

const SOCKET = { server: false, wait: false, noDelay: false, reconnectSeconds: 0 };

it.each([
  ['stdio', { kind: 'stdio', mux: false, signal: true }],
  ['mon:stdio', { kind: 'stdio', mux: true, signal: false }],
  ['null', { kind: 'null', mux: false }],
  ['file:a,,b', { kind: 'file', mux: false, path: 'a,,b', append: false }],
  ['unix:x.sock,server=on,wait=off', { kind: 'socket', mux: false, socket: { ...SOCKET, address: { path: 'x.sock' }, server: true } }],
  ['tcp::4444,server=on', { kind: 'socket', mux: false, socket: { ...SOCKET, address: { host: '0.0.0.0', port: 4444 }, server: true, wait: true } }],
  ['tcp:[::1]:4444,nodelay=on', { kind: 'socket', mux: false, socket: { ...SOCKET, address: { host: '::1', port: 4444 }, noDelay: true } }],
])('reads the short form %s', (text, spec) => {
  expect(parseShortForm('c', text).spec).toEqual({ id: 'c', ...spec });
});

it('warns of names without a value', () => {
  const { spec, warnings } = parseShortForm('c', 'unix:x,server,nowait');
  expect(spec.socket).toMatchObject({ server: true, wait: false });
  expect(warnings).toEqual([
    "short-form boolean option 'server' deprecated\nPlease use server=on instead",
    "short-form boolean option 'nowait' deprecated\nPlease use wait=off instead",
  ]);
});

it.each([
  ['nosuch,id=c', "'nosuch' is not a valid char driver name"],
  ['null', 'chardev: no id specified'],
  ['socket,id=c', 'Unable to parse FD number '],
  ['null,id=c,foo=1', "Invalid parameter 'foo'"],
  ['pty,id=c', "character backend 'pty' is not implemented"],
  ['socket,id=c,path=x,server=on,reconnect=1', "'reconnect' option is incompatible with socket in server listen mode"],
  ['ringbuf,id=c,size=x', "Parameter 'size' expects a non-negative number below 2^64"],
])('refuses -chardev %s', (text, message) => {
  expect(() => parseChardev(text)).toThrow(message);
});
