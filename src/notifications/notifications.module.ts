import { Module } from '@nestjs/common';
import { getBotToken, TelegrafModule } from 'nestjs-telegraf';
import type { Telegraf } from 'telegraf';
import { CLOCK, RANDOM, type Clock, type Random } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { PersistenceModule } from '../persistence';
import { NoticeStore } from './notice-store';
import { Notifications } from './notifications';
import { telegramApi, TelegramMessenger } from './telegram-messenger';

/** Stands in where no token is set: the client is made, and never called. */
const NO_TOKEN = '0:none';

/** Telegram through nestjs-telegraf. Updates (buttons, commands) are not asked for yet; their handlers belong here. */
@Module({
  imports: [
    PersistenceModule,
    TelegrafModule.forRootAsync({
      inject: [SETTINGS],
      useFactory: ({ TELEGRAM_BOT_TOKEN, TELEGRAM_API_ROOT }: ResolvedSettings) => ({
        token: TELEGRAM_BOT_TOKEN ?? NO_TOKEN,
        // Launched by the module, a token that is refused would end the process.
        launchOptions: false,
        options: TELEGRAM_API_ROOT === undefined ? {} : { telegram: { apiRoot: TELEGRAM_API_ROOT } },
      }),
    }),
  ],
  providers: [
    NoticeStore,
    {
      provide: Notifications,
      inject: [NoticeStore, CLOCK, RANDOM, SETTINGS, getBotToken()],
      useFactory: makeNotifications,
    },
  ],
  exports: [Notifications],
})
export class NotificationsModule {}

function makeNotifications(
  store: NoticeStore,
  clock: Clock,
  random: Random,
  settings: ResolvedSettings,
  bot: Telegraf,
): Notifications {
  const { TELEGRAM_BOT_TOKEN: token, TELEGRAM_CHAT_IDS: chatIds } = settings;
  // The module stops it as the service ends, and one that was never launched refuses that by throwing.
  bot.stop = () => undefined;
  const messenger = token === undefined ? null : new TelegramMessenger(telegramApi(bot.telegram), token);
  return new Notifications(store, clock, random, { messenger, chatIds });
}
