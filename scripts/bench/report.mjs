/** The rows as a table for people. */

const figure = (value) => (value === undefined ? '-' : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(value < 0.1 ? 4 : 2));
const spread = (measured) => (measured && measured.runs > 1 ? `${figure(measured.min)}-${figure(measured.max)}` : '');

export const HEAD = ['', 'Nandu', '', 'QEMU', '', 'unit', 'ratio', 'wanted'];

export function cells({ name, unit, nandu, qemu, ratio, limit, limitOf, missing = [] }) {
  const wanted = limit === undefined ? '' : `<= ${limit}${(ratio === undefined && missing.length === 0) || limitOf ? ` ${unit}` : ''}`;
  const ours = missing.includes('nandu') ? 'failed' : figure(nandu?.median);
  const theirs = missing.includes('qemu') ? 'missing' : figure(qemu?.median);
  return [name, ours, spread(nandu), theirs, spread(qemu), unit ?? '', figure(ratio), wanted];
}

/** Columns as wide as what is in them; a heading a part. */
export function table(rows) {
  const parts = Map.groupBy ? Map.groupBy(rows, ({ part }) => part) : groupBy(rows);
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const print = (line) => line.map((cell, column) => (column === 0 || column === 5 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ');
  return [print(HEAD), ...[...parts].flatMap(([part, members]) => ['', part, ...members.map((member) => print(cells(member)))])]
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** Node 20 has no Map.groupBy. */
function groupBy(rows) {
  const parts = new Map();
  for (const one of rows) parts.set(one.part, [...(parts.get(one.part) ?? []), one]);
  return parts;
}
