import { schemaOf } from './schema.js';

const schema = schemaOf([
  { name: 'stop', arguments: {} },
  { name: 'qom-set', arguments: { path: { type: 'str' }, value: { type: 'any' } } },
  { name: 'device_add', arguments: { driver: { type: 'str' }, id: { type: 'str', optional: true } }, open: true },
  { name: 'set-action', arguments: { reboot: { type: ['reset', 'shutdown'], optional: true } } },
  { name: 'cont', arguments: {} },
]);
const entry = (name: unknown) => schema.find((one) => one['name'] === name)!;
const argumentsOf = (command: string) => entry(entry(command)['arg-type']);

it('describes arguments by numbered types, which equal ones share', () => {
  expect(entry('stop')).toEqual({ name: 'stop', 'meta-type': 'command', 'arg-type': '0', 'ret-type': 'any' });
  expect(argumentsOf('cont')).toEqual({ name: '0', 'meta-type': 'object', members: [] });
  expect(argumentsOf('qom-set')['members']).toEqual([
    { name: 'path', type: 'str' },
    { name: 'value', type: 'any' },
  ]);
});

it('marks what may be left out, and commands that take undeclared members', () => {
  expect(argumentsOf('device_add')['members']).toContainEqual({ name: 'id', type: 'str', default: null });
  expect(entry('device_add')['features']).toEqual(['json-cli', 'json-cli-hotplug']);
});

it('lists the values of enumerations', () => {
  const [reboot] = argumentsOf('set-action')['members'] as { type: string }[];
  expect(entry(reboot!.type)).toMatchObject({ 'meta-type': 'enum', members: [{ name: 'reset' }, { name: 'shutdown' }] });
});

it('has an entry for every type that it names', () => {
  const named = schema.flatMap((one) => [
    one['arg-type'],
    one['ret-type'],
    one['element-type'],
    ...((one['members'] as { type?: string }[]) ?? []).map(({ type }) => type),
  ]);
  for (const name of named) if (name !== undefined) expect(entry(name)).toBeDefined();
});
