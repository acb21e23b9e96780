export { type RunProgram } from './install-advice';
export { OomSampler, OomWatch } from './oom-kills';
export { RunLog, type LogMark } from './run-log';
