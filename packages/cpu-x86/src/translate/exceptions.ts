/** Vectors of exceptions (SDM volume 3, 6.15). */
export const EXCEPTION = { DE: 0, DB: 1, BP: 3, OF: 4, BR: 5, UD: 6, NM: 7, DF: 8, TS: 10, NP: 11, SS: 12, GP: 13, PF: 14, MF: 16, AC: 17, XM: 19 } as const;
