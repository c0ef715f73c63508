export { TestBoard, testMachine, type TestMachineOptions } from './test-machine.js';
