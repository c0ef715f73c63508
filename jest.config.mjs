/** Tests run from the compiled packages, as ES modules. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/packages/*/dist/**/*.test.js', '<rootDir>/apps/*/dist/**/*.test.js', '<rootDir>/examples/*/dist/**/*.test.js'],
  transform: {},
  // A busy computer may take long for what is quick otherwise; tests that boot a guest have limits of their own.
  testTimeout: 60_000,
  // tsyringe looks for it when it is loaded, and jest loads CommonJS modules before any ES module runs.
  setupFiles: ['reflect-metadata'],
  modulePathIgnorePatterns: ['<rootDir>/.cache/'],
};
