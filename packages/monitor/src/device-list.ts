/** Device types by category, as -device help and info qdm list them. */
import { isSubtype, type TypeInfo, type TypeRegistry } from '@nandu/core';

const CATEGORIES = ['Controller/Bridge/Hub', 'USB', 'Storage', 'Network', 'Input', 'Display', 'Sound', 'Misc', 'CPU', 'Watchdog', 'Uncategorized'];

/** `withInternal`: those too that no user can create. */
export function deviceList(types: TypeRegistry, withInternal: boolean): string {
  const devices = types.all().filter((t) => isSubtype(t, 'device') && !t.abstract && (withInternal || t.userCreatable));
  const sections = CATEGORIES.map((category) => {
    const rows = devices.filter((t) => categoryOf(t) === category).sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
    return rows.length === 0 ? undefined : `${category} devices:\n${rows.map(row).join('')}`;
  });
  return sections.filter((s) => s !== undefined).join('\n');
}

function categoryOf({ category }: TypeInfo): string {
  return category !== undefined && CATEGORIES.includes(category) ? category : 'Uncategorized';
}

function row({ name, bus, aliases, summary, userCreatable }: TypeInfo): string {
  const parts = [
    `name "${name}"`,
    ...(bus === undefined ? [] : [`bus ${bus}`]),
    ...(aliases?.[0] === undefined ? [] : [`alias "${aliases[0]}"`]),
    ...(summary === undefined ? [] : [`desc "${summary}"`]),
    ...(userCreatable ? [] : ['no-user']),
  ];
  return `${parts.join(', ')}\n`;
}
