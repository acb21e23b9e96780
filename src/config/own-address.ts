import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedSettings } from './resolved-settings';
import { SETTINGS } from './tokens';

/** The wildcard address is no address that anybody could call. */
const WILDCARDS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };

/** Where our own API listens. With `PORT=0` the system chooses, and nobody knows it before it listens. */
@Injectable()
export class OwnAddress {
  /** 1 to 65,535; 0: not known yet. */
  port: number;

  constructor(@Inject(SETTINGS) private readonly settings: ResolvedSettings) {
    this.port = settings.PORT;
  }

  /** An address that a process of this machine can call. */
  url(): string {
    const host = this.settings.HOST;
    return `http://${WILDCARDS[host] ?? (host.includes(':') ? `[${host}]` : host)}:${this.port}`;
  }
}
