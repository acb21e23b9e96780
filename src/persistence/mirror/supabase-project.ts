import { createClient } from '@supabase/supabase-js';
import WebSocket from 'ws';
import { messageOf } from '../../kernel';
import type { Answer } from './answer';
import { failureOf, type Failure } from './failure';
import type { Row } from './outbox';
import { REGISTRY, type MirroredTable } from './tables';

/** Who writes to a project. */
export interface Writer {
  readonly instance: string;
  /** A UUID, made once for each DATA_DIR. */
  readonly writer: string;
}

/** Who may write to a project now. */
export interface Owner extends Writer {
  /** From 1 on; it only grows. What was sent in an earlier one is refused. */
  readonly epoch: number;
}

export interface SupabaseProjectOptions {
  readonly url: string;
  readonly key: string;
  /** Who we are ({@link Writer}); a project whose owner is another one refuses what we write. Nothing: we only read. */
  readonly writer?: string;
  /** One limit a request, from its sending to the end of its answer. */
  readonly timeoutMs?: number;
}

/** What a request of supabase-js resolves with; it never rejects for an answer. */
interface Response {
  /** Whatever was in the body, `{}` too. */
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
/** Known to the trigger that supabase/migrations lay on the mirrored tables. */
const WRITER_HEADER = 'x-agent-spawner-writer';
const EPOCH_HEADER = 'x-agent-spawner-epoch';
export const OWNER_TABLE = 'actp_mirror_owner';

/** Rows of a Supabase project, through its REST interface. Nothing here throws: an answer says what went wrong. */
export class SupabaseProject {
  private readonly client;
  private readonly key: string;
  private readonly timeoutMs: number;
  private readonly writer: string | undefined;
  private epoch = 0;

  constructor({ url, key, writer, timeoutMs = TIMEOUT_MS }: SupabaseProjectOptions) {
    this.key = key;
    this.timeoutMs = timeoutMs;
    this.writer = writer;
    this.client = createClient(url, key, {
      auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
      // node 20 has no WebSocket of its own, and the client wants one though nothing here uses it.
      realtime: { transport: WebSocket as never },
      // A redirect would carry the key wherever it leads.
      global: {
        fetch: (input, init) => fetch(input, { ...init, headers: this.signed(init?.headers), redirect: 'error' }),
      },
    });
  }

  /** From now on requests are of this epoch. */
  writeIn(epoch: number): void {
    this.epoch = epoch;
  }

  /** Writes rows; those that are there already are replaced. */
  async upsert({ name, key }: Pick<MirroredTable, 'name' | 'key'>, rows: readonly Row[]): Promise<Answer<null>> {
    const options = { onConflict: key, count: 'exact' } as const;
    const answer = await this.counted(this.client.from(name).upsert([...rows], options));
    if (answer.kind === 'done' && answer.value !== rows.length)
      return { kind: 'content', error: `${answer.value} of ${rows.length} rows were kept` };
    return toDone(answer, toNull);
  }

  /** Removes rows by their keys; those that are not there are fine. */
  async remove({ name, key }: Pick<MirroredTable, 'name' | 'key'>, keys: readonly string[]): Promise<Answer<null>> {
    const request = this.client.from(name).delete({ count: 'exact' }).in(key, keys);
    return toDone(await this.counted(request), toNull);
  }

  /** Rows of some instances, ascending by key. @param after null: from the first on */
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
    return this.listed(after === null ? request : request.gt(key, after));
  }

  /** Names of instances that rows of the registry are of; not all of them, where there are very many rows. */
  async instances(): Promise<Answer<string[]>> {
    const request = this.client.from(REGISTRY.name).select('instance').order('instance').limit(1_000);
    const answer = await this.listed(request);
    if (answer.kind !== 'done') return answer;
    return { kind: 'done', value: [...new Set(answer.value.map(({ instance }) => String(instance)))] };
  }

  /** null: nobody writes there yet. */
  async owner(): Promise<Answer<Owner | null>> {
    const answer = await this.listed(this.client.from(OWNER_TABLE).select('instance,writer,epoch').limit(1));
    if (answer.kind !== 'done') return answer;
    const row = answer.value[0];
    if (row === undefined) return { kind: 'done', value: null };
    const { instance, writer, epoch } = row;
    return { kind: 'done', value: { instance: String(instance), writer: String(writer), epoch: Number(epoch) } };
  }

  /** Takes a project that is nobody's. @returns false: it is somebody's meanwhile */
  async claim(owner: Owner, claimedAt: string): Promise<Answer<boolean>> {
    const row = { sole: true, ...owner, claimed_at: claimedAt };
    const options = { onConflict: 'sole', ignoreDuplicates: true, count: 'exact' } as const;
    return toDone(await this.counted(this.client.from(OWNER_TABLE).upsert(row, options)), isOne);
  }

  /** Takes the place of an owner, or begins an epoch of our own. @returns false: it is not that one any more */
  async takeOver(from: Owner, owner: Owner, at: string): Promise<Answer<boolean>> {
    const isOurs = from.instance === owner.instance && from.writer === owner.writer;
    const request = this.client
      .from(OWNER_TABLE)
      .update({ ...owner, ...(isOurs ? {} : { claimed_at: at }) }, { count: 'exact' })
      .eq('instance', from.instance)
      .eq('writer', from.writer)
      .eq('epoch', from.epoch);
    return toDone(await this.counted(request), isOne);
  }

  /** What something else than PostgREST says is no answer, be its status what it may: it counts no rows. */
  private async counted(request: Builder): Promise<Answer<number>> {
    const response = await this.ask(request);
    if ('kind' in response) return response;
    if (response.count === null) return this.failure(response.status, 'the answer is not that of PostgREST');
    return { kind: 'done', value: response.count };
  }

  private async listed(request: Builder): Promise<Answer<Row[]>> {
    const response = await this.ask(request);
    if ('kind' in response) return response;
    const { data } = response;
    if (!Array.isArray(data)) return this.failure(response.status, 'the answer is not that of PostgREST');
    return { kind: 'done', value: data as Row[] };
  }

  private async ask(request: Builder): Promise<Response | Failure> {
    const signal = AbortSignal.timeout(this.timeoutMs);
    try {
      const response = await request.retry(false).abortSignal(signal);
      const { error, status } = response;
      if (error === null) return response;
      if (status === 0 && signal.aborted) return this.failure(0, `no answer within ${this.timeoutMs / 1_000} s`);
      return failureOf({ status, code: error.code ?? '', message: error.message ?? '' }, this.key);
    } catch (error) {
      return this.failure(0, messageOf(error));
    }
  }

  private signed(given: ConstructorParameters<typeof Headers>[0]): Headers {
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
