import { createClient } from '@supabase/supabase-js';
import WebSocket from 'ws';
import { messageOf, startTimeLimit, type Clock } from '../kernel';
import { failureOf, type Answer, type Failure } from './failure';
import type { Row } from './local-rows';
import { type MirroredTable, REGISTRY } from '../persistence';

/** Writer of a project. */
export interface Writer {
  readonly instance: string;
  /** UUID created once per DATA_DIR. */
  readonly writer: string;
}

/** Writer that currently owns a project. */
export interface Owner extends Writer {
  /** 1 or more, never decreases. The project refuses requests of an earlier epoch. */
  readonly epoch: number;
}

export interface SupabaseProjectOptions {
  readonly url: string;
  readonly key: string;
  readonly clock: Pick<Clock, 'after'>;
  /**
   * Writer id of this supervisor. The project refuses writes if its owner is another writer. Omit it for reading only.
   */
  readonly writer?: string;
  /** Limit of one request, from sending to the end of the answer. */
  readonly timeoutMs?: number;
}

/** Result of a supabase-js request. A failed answer resolves too. */
interface Response {
  /** Whatever the body contained, possibly `{}`. */
  readonly error: { readonly message?: string; readonly code?: string } | null;
  readonly status: number;
  readonly data: unknown;
  readonly count: number | null;
}

interface Builder extends PromiseLike<Response> {
  retry(enabled: boolean): Builder;
  abortSignal(signal: AbortSignal): Builder;
}

const TIMEOUT_MS = 15_000;
/** The trigger that supabase/migrations create on the mirrored tables reads these headers. */
const WRITER_HEADER = 'x-agent-spawner-writer';
const EPOCH_HEADER = 'x-agent-spawner-epoch';
export const OWNER_TABLE = 'actp_mirror_owner';

/**
 * Reads and writes rows of a Supabase project through its REST interface. Its methods return failures instead of
 * throwing.
 */
export class SupabaseProject {
  private readonly client;
  private readonly key: string;
  private readonly clock: SupabaseProjectOptions['clock'];
  private readonly timeoutMs: number;
  private readonly writer: string | undefined;
  private epoch = 0;

  constructor({ url, key, clock, writer, timeoutMs = TIMEOUT_MS }: SupabaseProjectOptions) {
    this.key = key;
    this.clock = clock;
    this.timeoutMs = timeoutMs;
    this.writer = writer;
    this.client = createClient(url, key, {
      auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
      // Node 20 has no WebSocket of its own, and the client requires one although it is never used here.
      realtime: { transport: WebSocket as never },
      // A redirect would send the key to another host.
      global: {
        fetch: (input, init) => fetch(input, { ...init, headers: this.sign(init?.headers), redirect: 'error' }),
      },
    });
  }

  /** Sets the epoch of all later requests. */
  writeIn(epoch: number): void {
    this.epoch = epoch;
  }

  /** Writes rows; existing rows are replaced. */
  async upsert({ name, key }: Pick<MirroredTable, 'name' | 'key'>, rows: readonly Row[]): Promise<Answer<null>> {
    const options = { onConflict: key, count: 'exact' } as const;
    const answer = await this.count(this.client.from(name).upsert([...rows], options));
    if (answer.kind === 'done' && answer.value !== rows.length)
      return { kind: 'content', error: `Supabase stored ${answer.value} of ${rows.length} rows` };
    return toDone(answer, toNull);
  }

  /** Deletes rows by key; missing rows are not an error. */
  async remove({ name, key }: Pick<MirroredTable, 'name' | 'key'>, keys: readonly string[]): Promise<Answer<null>> {
    const request = this.client.from(name).delete({ count: 'exact' }).in(key, keys);
    return toDone(await this.count(request), toNull);
  }

  /** Returns rows of some instances, ascending by key. @param after null: from the first key on */
  rows(
    { name, key }: Pick<MirroredTable, 'name' | 'key'>,
    {
      columns = '*',
      instances,
      after,
      limit,
    }: {
      readonly columns?: string;
      readonly instances: readonly string[];
      readonly after: string | null;
      readonly limit: number;
    },
  ): Promise<Answer<Row[]>> {
    const request = this.client.from(name).select(columns).in('instance', instances).order(key).limit(limit);
    return this.list(after === null ? request : request.gt(key, after));
  }

  /** Returns the instances that have rows in the registry. Reads at most 1,000 rows, so it may miss some. */
  async instances(): Promise<Answer<string[]>> {
    const request = this.client.from(REGISTRY.name).select('instance').order('instance').limit(1_000);
    const answer = await this.list(request);
    if (answer.kind !== 'done') return answer;
    return { kind: 'done', value: [...new Set(answer.value.map(({ instance }) => String(instance)))] };
  }

  /** Returns the owner; null if the project has none yet. */
  async owner(): Promise<Answer<Owner | null>> {
    const answer = await this.list(this.client.from(OWNER_TABLE).select('instance,writer,epoch').limit(1));
    if (answer.kind !== 'done') return answer;
    const row = answer.value[0];
    if (row === undefined) return { kind: 'done', value: null };
    const { instance, writer, epoch } = row;
    return { kind: 'done', value: { instance: String(instance), writer: String(writer), epoch: Number(epoch) } };
  }

  /** Claims a project without an owner. @returns false if another writer owns it by now */
  async claim(owner: Owner, claimedAt: string): Promise<Answer<boolean>> {
    const row = { sole: true, ...owner, claimed_at: claimedAt };
    const options = { onConflict: 'sole', ignoreDuplicates: true, count: 'exact' } as const;
    return toDone(await this.count(this.client.from(OWNER_TABLE).upsert(row, options)), isOne);
  }

  /** Replaces an owner, or starts a new epoch of the same one. @returns false if the owner or its epoch has changed */
  async takeOver(from: Owner, owner: Owner, at: string): Promise<Answer<boolean>> {
    const isOurs = from.instance === owner.instance && from.writer === owner.writer;
    const request = this.client
      .from(OWNER_TABLE)
      .update({ ...owner, ...(isOurs ? {} : { claimed_at: at }) }, { count: 'exact' })
      .eq('instance', from.instance)
      .eq('writer', from.writer)
      .eq('epoch', from.epoch);
    return toDone(await this.count(request), isOne);
  }

  /** Returns the number of affected rows. A response without a count is not from PostgREST, whatever its status. */
  private async count(request: Builder): Promise<Answer<number>> {
    const response = await this.ask(request);
    if ('kind' in response) return response;
    if (response.count === null) return this.failure(response.status, 'the answer is not from PostgREST');
    return { kind: 'done', value: response.count };
  }

  private async list(request: Builder): Promise<Answer<Row[]>> {
    const response = await this.ask(request);
    if ('kind' in response) return response;
    const { data } = response;
    if (!Array.isArray(data)) return this.failure(response.status, 'the answer is not from PostgREST');
    return { kind: 'done', value: data as Row[] };
  }

  private async ask(request: Builder): Promise<Response | Failure> {
    const limit = startTimeLimit(this.clock, this.timeoutMs);
    try {
      const response = await request.retry(false).abortSignal(limit.signal);
      const { error, status } = response;
      if (error === null) return response;
      if (status === 0 && limit.signal.aborted) return this.failure(0, `no answer within ${this.timeoutMs / 1_000} s`);
      return failureOf({ status, code: error.code ?? '', message: error.message ?? '' }, this.key);
    } catch (error) {
      return this.failure(0, messageOf(error));
    } finally {
      limit.cancel();
    }
  }

  private sign(given: ConstructorParameters<typeof Headers>[0]): Headers {
    const headers = new Headers(given);
    if (this.writer === undefined) return headers;
    headers.set(WRITER_HEADER, this.writer);
    headers.set(EPOCH_HEADER, String(this.epoch));
    return headers;
  }

  private failure(status: number, message: string): Failure {
    return failureOf({ status, code: '', message }, this.key);
  }
}

function toDone<From, To>(answer: Answer<From>, value: (from: From) => To): Answer<To> {
  return answer.kind === 'done' ? { kind: 'done', value: value(answer.value) } : answer;
}

function toNull(): null {
  return null;
}

function isOne(count: number): boolean {
  return count === 1;
}
