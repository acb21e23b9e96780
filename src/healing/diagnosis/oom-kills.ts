import { readFileSync } from 'node:fs';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { Clock } from '../../kernel';

/** Longest time between the kernel's kill and the diagnosis of the death; a machine short of memory is slow. */
const WINDOW_MS = 10_000;
/** A sample older than the window plus this is not used: the supervisor did not run in between. */
const SLACK_MS = 5_000;
const SAMPLE_MS = 1_000;
const INTERVAL_NAME = 'oom-kills';

/** Files with the kernel's count; the first that has it is read. The container's file comes before the machine's. */
const FILES = ['/sys/fs/cgroup/memory.events', '/proc/vmstat'] as const;

interface Sample {
  /** Wall clock: it advances while the supervisor does not run. */
  readonly at: number;
  readonly kills: number;
}

/**
 * Samples the kernel's count of processes killed for lack of memory. A rise at some time during a run says nothing
 * about the run's death. A rise within seconds of the death does.
 */
export class OomWatch {
  private samples: readonly Sample[] = [];

  constructor(
    private readonly clock: Pick<Clock, 'wall'>,
    private readonly read: () => number | null = readOomKills,
  ) {}

  /** Samples the count. {@link OomSampler} calls this every {@link SAMPLE_MS}. */
  sample(): void {
    const kills = this.read();
    const at = this.clock.wall();
    if (kills !== null) this.samples = [...this.samples, { at, kills }].filter((each) => this.isUsable(each, at));
  }

  /** Returns the kills since the machine or container started; null: the kernel does not say. */
  count(): number | null {
    return this.read();
  }

  /** Returns the kills within the last seconds; null: unknown. */
  recent(): number | null {
    const now = this.clock.wall();
    const usable = this.samples.filter((each) => this.isUsable(each, now));
    const before = usable.findLast(({ at }) => at <= now - WINDOW_MS) ?? usable[0];
    const kills = this.read();
    return before === undefined || kills === null ? null : Math.max(0, kills - before.kills);
  }

  private isUsable({ at }: Sample, now: number): boolean {
    return at <= now && at >= now - WINDOW_MS - SLACK_MS;
  }
}

/** Samples the kernel's count of OOM kills, as a named interval of the scheduler. */
@Injectable()
export class OomSampler implements OnModuleInit {
  constructor(
    private readonly oom: OomWatch,
    private readonly scheduler: SchedulerRegistry,
  ) {}

  onModuleInit(): void {
    const interval = setInterval(() => {
      this.oom.sample();
    }, SAMPLE_MS);
    // The timer must not keep the process alive.
    interval.unref();
    this.scheduler.addInterval(INTERVAL_NAME, interval);
  }
}

export function parseOomKills(content: string): number | null {
  const found = /^oom_kill (\d+)$/m.exec(content)?.[1];
  return found === undefined ? null : Number(found);
}

function readOomKills(): number | null {
  for (const file of FILES) {
    try {
      const kills = parseOomKills(readFileSync(file, 'utf8'));
      if (kills !== null) return kills;
    } catch {
      continue; // this kernel lacks the file
    }
  }
  return null;
}
