export { EchoDevice, EchoPci } from './echo-device.js';
export { TestBoard, testMachine, type TestMachineOptions } from './test-machine.js';
