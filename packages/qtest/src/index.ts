export { type QtestLog, QtestServer } from './server.js';
