export { createDeferred } from './deferred';
export { NextFlight, SingleFlight } from './flight';
export { Mutex } from './mutex';
export { PriorityLimiter } from './priority-limiter';
export { isSettledWithin, sleep, startTimeLimit, withTimeout } from './time-limit';
