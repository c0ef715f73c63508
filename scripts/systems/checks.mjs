/** The checks that stand in systems/checks. `alone`: it judges itself, since what it prints depends on speed or on chance. */
export const CHECKS = {
  cc: {},
  python: {},
  perl: {},
  sqlite: {},
  compress: {},
  node: {},
  openssl: {},
  stress: { alone: /status [1-9]|^ /m },
};
