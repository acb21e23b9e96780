import { FakeClock } from '../../test/support/fake-clock';
import { TelegramMessenger } from './telegram-messenger';

/** Returns the outcome of a call that is answered with this failure, as telegraf reports it. */
function outcomeOf(response: object) {
  const error = Object.assign(new Error('400: Bad Request: group chat was upgraded'), { response });
  return new TelegramMessenger({ call: () => Promise.reject(error) }, 'token', new FakeClock()).send('42', 'text');
}

describe('a refusal by Telegram', () => {
  it('of a group that became a supergroup names its new id', async () => {
    const outcome = await outcomeOf({
      ...{ ok: false, error_code: 400, parameters: { migrate_to_chat_id: -1001234567890 } },
    });
    expect(outcome).toMatchObject({ kind: 'moved', chatId: '-1001234567890' });
  });

  it.each([{}, { parameters: {} }, { parameters: { migrate_to_chat_id: 'x' } }])(
    'without a valid new id counts as a refusal by the chat: %j',
    async (more) => {
      expect(await outcomeOf({ ok: false, error_code: 400, ...more })).toMatchObject({ kind: 'refused-chat' });
    },
  );

  it.each([
    ['a rate limit', { ok: false, error_code: 429, parameters: { retry_after: 7 } }, { kind: 'retry', afterMs: 7_000 }],
    ['an invalid bot token', { ok: false, error_code: 401 }, { kind: 'unauthorized' }],
  ])('for %s is distinguished from a refusal by the chat', async (_, response, outcome) => {
    expect(await outcomeOf(response)).toMatchObject(outcome);
  });

  it.each([401, 404])('with %i is about the token', async (code) => {
    const outcome = await outcomeOf({ ok: false, error_code: code, description: 'refused' });
    expect(outcome).toMatchObject({ kind: 'unauthorized' });
  });
});

describe('an answer that is not from the Bot API', () => {
  it.each([
    { error_code: 401, error: 'login required' },
    { error_code: 404, message: 'no such route' },
    { ok: 'false', error_code: 404 },
    { error_code: 403 },
    { error_code: 429 },
    { message: 'no such route' },
    {},
  ])('is an outage, and is retried: %j', async (response) => {
    expect(await outcomeOf(response)).toMatchObject({ kind: 'retry', afterMs: null });
  });
});
