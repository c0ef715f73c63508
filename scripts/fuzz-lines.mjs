/** What the fuzzer prints (fuzz/README.md, "Reading the lines"), and how two runs of it are compared. */

/** `sequences`: line by first index; `units`: for --steps, [index][unit] = { state, text }. */
export function parseLines(text) {
  const sequences = new Map();
  const units = new Map();
  const complaints = [];
  let done = false;
  for (const raw of text.split('\n')) {
    const line = raw.trimEnd();
    const fields = line.split(/\s+/);
    if (/^[SB] \d+ \d+ .*t=\d+$/.test(line)) sequences.set(Number(fields[2]), fields.slice(3).join(' '));
    else if (line.startsWith('U ')) {
      const [, index, unit, state] = fields;
      if (!units.has(index)) units.set(index, new Map());
      units.get(index).set(Number(unit), { state, text: fields.slice(5).join(' ') });
    } else if (line.startsWith('# done')) done = true;
    else if (line !== '' && !line.startsWith('#')) complaints.push(line);
  }
  return { sequences, units, complaints, done };
}

/** First indexes of the lines that are not the same on both sides; lines that the right side lacks altogether count once. */
export function compareLines(left, right) {
  return [...left.sequences].filter(([first, line]) => right.sequences.has(first) && right.sequences.get(first) !== line).map(([first]) => first);
}

/** For runs with --steps: the unit of each sequence after which the sides disagree. */
export function firstDifferentUnits(left, right) {
  const found = [];
  for (const [index, units] of left.units) {
    const others = right.units.get(index);
    for (const [unit, { state, text }] of units) {
      const other = others?.get(unit);
      if (other === undefined) break;
      if (other.state === state) continue;
      found.push(`sequence ${index}, unit ${unit}: ${text}`);
      break;
    }
  }
  return found;
}
