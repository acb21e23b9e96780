import { Inject, Injectable, Logger } from '@nestjs/common';
import axios from 'axios';
import { CLOCK, messageOf, startTimeLimit, type Clock } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';

const TIMEOUT_MS = 10_000;
const BODY_BYTES = 65_536;

/**
 * Fetches `DEADMAN_URL` after each successful pass, so that an external monitor notices when the supervisor is down. It
 * never delays a pass. The URL is often a secret and is never logged.
 */
@Injectable()
export class DeadmanPing {
  /** Error of the last fetch; null: it succeeded, or no URL is set. */
  lastError: string | null = null;
  private readonly logger = new Logger('DeadmanPing');
  private isUnderWay = false;

  constructor(
    @Inject(SETTINGS) private readonly settings: Pick<ResolvedSettings, 'DEADMAN_URL'>,
    @Inject(CLOCK) private readonly clock: Pick<Clock, 'after'>,
  ) {}

  /** Fetches the URL, unless a fetch is in progress; never rejects. */
  async ping(): Promise<void> {
    const url = this.settings.DEADMAN_URL;
    if (url === undefined || this.isUnderWay) return;
    this.isUnderWay = true;
    await this.fetch(url);
    this.isUnderWay = false;
  }

  private async fetch(url: string): Promise<void> {
    const before = this.lastError;
    const limit = startTimeLimit(this.clock, TIMEOUT_MS);
    try {
      await axios.get(url, { signal: limit.signal, maxContentLength: BODY_BYTES, responseType: 'text' });
      this.lastError = null;
    } catch (error) {
      this.lastError = whatHappened(error);
      if (before === null) this.logger.warn({ error: this.lastError }, 'DEADMAN_URL could not be fetched');
    } finally {
      limit.cancel();
    }
  }
}

/** Describes an error by its code or status alone, because the client's messages may contain the URL. */
function whatHappened(error: unknown): string {
  if (!axios.isAxiosError(error)) return messageOf(error).includes('://') ? 'it failed' : messageOf(error);
  return error.response === undefined ? (error.code ?? 'it failed') : `it answered ${error.response.status}`;
}
