/** Tests run from the compiled packages, as ES modules. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/packages/*/dist/**/*.test.js', '<rootDir>/apps/*/dist/**/*.test.js', '<rootDir>/examples/*/dist/**/*.test.js'],
  transform: {},
  modulePathIgnorePatterns: ['<rootDir>/.cache/'],
};
