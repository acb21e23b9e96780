import type { Clock, Timer } from '../kernel';
import { LONGEST_STEP_MS, RunningTime, type Reading } from './running-time';

/** Longest delay that setTimeout accepts. A longer wait is split into steps. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

const listeners = new Set<(lostMs: number) => void>();
let shared: RunningTime | null = null;

/** Returns the one count shared by the whole process, so that each suspend is detected once. */
function runningTime(): RunningTime {
  if (shared !== null) return shared;
  const time = new RunningTime(readClocks(), (lostMs) => {
    for (const listener of [...listeners]) listener(lostMs);
  });
  shared = time;
  setInterval(() => time.read(readClocks()), LONGEST_STEP_MS / 2).unref();
  return time;
}

function readClocks(): Reading {
  return { monotonic: performance.now(), wall: Date.now() };
}

/**
 * Implements the clock of this machine. It is set to the wall clock once, and then advances only while this process
 * runs.
 */
export class SystemClock implements Clock {
  private readonly time = runningTime();

  now(): number {
    return Math.floor(this.time.read(readClocks()));
  }

  wall(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  at(wallMs: number): number {
    return Math.floor(this.time.at(wallMs, readClocks()));
  }

  wallOf(time: number): number {
    return this.time.wallOf(time, readClocks());
  }

  onSuspend(listener: (lostMs: number) => void): () => void {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  after(delayMs: number, action: () => void): Timer {
    const due = this.now() + Math.max(0, delayMs);
    let handle: NodeJS.Timeout;
    const arm = () => {
      const leftMs = Math.ceil(Math.max(0, due - this.now()));
      handle = setTimeout(fire, Math.min(leftMs, LONGEST_TIMEOUT_MS));
    };
    // Node may fire a timer up to a millisecond early, and far too early after a suspend. Only this clock decides what
    // is due.
    const fire = () => {
      if (this.now() >= due) action();
      else arm();
    };
    arm();
    return {
      cancel: () => {
        clearTimeout(handle);
      },
    };
  }
}
