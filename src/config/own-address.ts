import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type ResolvedSettings } from './resolved-settings';

/** Replacements for the wildcard addresses, which a client cannot call. */
const WILDCARDS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };

/**
 * Holds the address at which the supervisor's API listens. With `PORT=0` the operating system chooses the port, so it
 * is unknown until the server listens.
 */
@Injectable()
export class OwnAddress {
  /** 1 to 65,535; 0 while it is unknown. */
  port: number;

  constructor(@Inject(SETTINGS) private readonly settings: ResolvedSettings) {
    this.port = settings.PORT;
  }

  /** Returns a URL that a process on this machine can call. */
  url(): string {
    const host = this.settings.HOST;
    return `http://${WILDCARDS[host] ?? (host.includes(':') ? `[${host}]` : host)}:${this.port}`;
  }
}
