import { summary } from './stats.mjs';

/**
 * A line of the report: what both emulators took, smaller is better. A list that is empty tells of runs that failed, no list at all
 * of what cannot be measured there; then there is no ratio.
 * `limit` is what the ratio (or, where QEMU has no figure, our own) may be at most, for readers of the report.
 */
export function row(part, name, unit, { nandu, qemu, limit }) {
  const ours = nandu?.length ? summary(nandu) : undefined;
  const theirs = qemu?.length ? summary(qemu) : undefined;
  const missing = Object.entries({ nandu, qemu }).flatMap(([label, taken]) => (taken?.length === 0 ? [label] : []));
  return {
    part,
    name,
    unit,
    nandu: ours,
    qemu: theirs,
    ...(ours && theirs ? { ratio: ours.median / theirs.median } : {}),
    ...(missing.length ? { missing } : {}),
    ...(limit === undefined ? {} : { limit }),
  };
}
