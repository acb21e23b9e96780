export { Diagnostician } from './diagnostician';
export { RunLog, type LogMark } from './run-log';
