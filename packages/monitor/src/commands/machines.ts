/** query-machines: which machine types there are. */
import { type AnyCommand, isSubtype, qmpCommand } from '@nandu/core';

/** What a board's class may say beyond its type. */
interface BoardClass {
  readonly maxCpus?: number;
  readonly defaultCpuType?: string;
  readonly defaultRamId?: string;
}

export const machineCommands: readonly AnyCommand[] = [
  qmpCommand({
    name: 'query-machines',
    arguments: {},
    run: (_, { machine }) =>
      machine.types
        .all()
        .filter((t) => isSubtype(t, 'machine') && !t.abstract)
        .map(({ name, aliases, constructor_ }) => {
          const { maxCpus = 1, defaultCpuType, defaultRamId = 'ram' } = constructor_ as unknown as BoardClass;
          const [alias] = (aliases ?? []).map((a) => a.replace(/-machine$/, ''));
          return {
            'hotpluggable-cpus': false,
            name: name.replace(/-machine$/, ''),
            'numa-mem-supported': false,
            ...(defaultCpuType === undefined ? {} : { 'default-cpu-type': defaultCpuType }),
            ...(alias === 'pc' ? { 'is-default': true } : {}),
            'cpu-max': maxCpus,
            deprecated: false,
            'default-ram-id': defaultRamId,
            ...(alias === undefined ? {} : { alias }),
          };
        }),
  }),
  qmpCommand({ name: 'query-current-machine', arguments: {}, run: () => ({ 'wakeup-suspend-support': false }) }),
];
