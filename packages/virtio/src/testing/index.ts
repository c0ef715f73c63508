export { EchoDevice, EchoPci } from './echo-device.js';
export { TestBoard, type TestMachineOptions, testMachine } from './test-machine.js';
