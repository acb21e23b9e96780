import { Inject, Injectable, Logger } from '@nestjs/common';
import axios from 'axios';
import { messageOf } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';

const TIMEOUT_MS = 10_000;
const BODY_BYTES = 65_536;

/**
 * Fetches `DEADMAN_URL` after each good pass, so that somebody notices when we are gone. It never delays a pass, and its
 * address, which often is a secret, is never logged.
 */
@Injectable()
export class DeadmanPing {
  /** What the last fetch failed with; null: it went well, or there is none. */
  lastError: string | null = null;
  private readonly logger = new Logger('DeadmanPing');
  private isUnderWay = false;

  constructor(@Inject(SETTINGS) private readonly settings: Pick<ResolvedSettings, 'DEADMAN_URL'>) {}

  /** Fetches it, unless that is under way already; never rejects. */
  async ping(): Promise<void> {
    const url = this.settings.DEADMAN_URL;
    if (url === undefined || this.isUnderWay) return;
    this.isUnderWay = true;
    await this.fetch(url);
    this.isUnderWay = false;
  }

  private async fetch(url: string): Promise<void> {
    const before = this.lastError;
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      await axios.get(url, { signal, timeout: TIMEOUT_MS, maxContentLength: BODY_BYTES, responseType: 'text' });
      this.lastError = null;
    } catch (error) {
      this.lastError = whatHappened(error);
      if (before === null) this.logger.warn({ error: this.lastError }, 'DEADMAN_URL could not be fetched');
    }
  }
}

/** By code or status alone: messages of the client may carry the address. */
function whatHappened(error: unknown): string {
  if (!axios.isAxiosError(error)) return messageOf(error).includes('://') ? 'it failed' : messageOf(error);
  return error.response === undefined ? (error.code ?? 'it failed') : `it answered ${error.response.status}`;
}
