import { Logger } from '@nestjs/common';
import { FailureLog, messageOf } from '../kernel';

/**
 * Keeps errors out of the check loop, so that it never stops. The loop runs several times a second, so only the start
 * and the end of a failure are logged.
 */
export class LoopErrors {
  private readonly logger = new Logger('Health');
  private readonly failures = new FailureLog({
    info: (fields, message) => {
      this.logger.log({ ...fields }, message);
    },
    warn: (fields, message) => {
      this.logger.warn({ ...fields }, message);
    },
  });

  /** Runs a synchronous step for an agent. Never throws. */
  run(step: string, agentId: string, act: () => void): void {
    try {
      act();
      this.noteSuccess(step, agentId);
    } catch (error) {
      this.noteFailure(step, agentId, error);
    }
  }

  /** Awaits an asynchronous step for an agent. Never rejects. */
  async watch(step: string, agentId: string, done: Promise<void>): Promise<void> {
    try {
      await done;
      this.noteSuccess(step, agentId);
    } catch (error) {
      this.noteFailure(step, agentId, error);
    }
  }

  private noteSuccess(step: string, agentId: string): void {
    this.failures.reportRecovery(`${step} ${agentId}`, { agentId }, `${step} recovered`);
  }

  private noteFailure(step: string, agentId: string, error: unknown): void {
    this.failures.reportFailure(`${step} ${agentId}`, { agentId, error: messageOf(error) }, `${step} failed`);
  }
}
