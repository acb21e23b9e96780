import path from 'node:path';
import type { AgentView } from '../../src/kernel';
import { makeBotApi, type BotApi } from './bot-api';
import { makeService, type TestService } from './service';
import { until } from './until';

/** A diagnosis as the API returns it. */
export interface DiagnosisAnswer {
  readonly cause: string;
  readonly restartable: boolean;
  readonly certainty: string;
  readonly rule: string | null;
  readonly block: readonly string[];
  readonly line: string;
  readonly advice: string;
  readonly evidence: readonly { readonly source: string; readonly detail: string }[];
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly open: boolean;
}

/** Maximum time until a message arrives. A chat gets at most one in 20 s. */
export const MESSAGE_MS = 60_000;

const TOKEN = '123456:MARKED-TELEGRAM-TOKEN';
const CHAT = '42';

/** A service that notifies the operator through a Bot API on the loopback. */
export interface EscalationSuite {
  readonly service: TestService;
  readonly bot: BotApi;
  /** Returns the text of all messages. */
  readonly chatText: () => string;
  readonly countSent: (text: string) => number;
  readonly diagnosisOf: (agentId: string) => Promise<DiagnosisAnswer>;
  /** Registers and spawns an agent. */
  readonly start: (agentId: string, entryPoint: string, more?: Readonly<Record<string, unknown>>) => Promise<void>;
  readonly waitUntilHalted: (agentId: string) => Promise<AgentView>;
  /** Returns the path of the agent's log of stderr. */
  readonly errorLogOf: (agentId: string) => string;
}

/** Starts the service and the Bot API for the tests of a file. */
export function useEscalationSuite(): EscalationSuite {
  let service: TestService;
  let bot: BotApi;

  beforeAll(async () => {
    bot = await makeBotApi();
    service = await makeService({
      settings: { TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_CHAT_IDS: CHAT, TELEGRAM_API_ROOT: bot.url },
    });
  });

  afterAll(async () => {
    await service.destroy();
    await bot.close();
  });

  const chatText = () => bot.messages(CHAT).join('\n');
  return {
    get service() {
      return service;
    },
    get bot() {
      return bot;
    },
    chatText,
    countSent: (text) => chatText().split(text).length - 1,
    diagnosisOf: (agentId) => service.api.expect(200, 'GET', `/api/agents/${agentId}/diagnosis`),
    start: async (agentId, entryPoint, more = {}) => {
      await service.api.register({ agentId, name: `The ${agentId}`, entryPoint, ...more });
      await service.api.spawn(agentId);
    },
    waitUntilHalted: (agentId) =>
      until(async () => {
        const view = await service.api.agent(agentId);
        return view.status === 'halted' ? view : null;
      }, `${agentId} is halted`),
    errorLogOf: (agentId) => path.join(service.home.pm2Home, 'logs', `${agentId}-error.log`),
  };
}
