import { Module } from '@nestjs/common';
import { getBotToken, TelegrafModule } from 'nestjs-telegraf';
import type { Telegraf } from 'telegraf';
import { CLOCK, type Clock } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { PersistenceModule } from '../persistence';
import { NotificationStore } from './notification-store';
import { NOTIFICATIONS_OPTIONS, type NotificationsOptions } from './ports';
import { telegramApi, TelegramMessenger } from './telegram-messenger';

/** Placeholder if no token is set. The Telegram client requires one, but is never called then. */
const NO_TOKEN = '0:none';

/**
 * Connects Telegram through nestjs-telegraf. `Notifications` is a provider of healing, which provides the port that it
 * requires. Updates (buttons, commands) are not requested yet; their handlers belong
 * here.
 */
@Module({
  imports: [
    PersistenceModule,
    TelegrafModule.forRootAsync({
      inject: [SETTINGS],
      useFactory: ({ TELEGRAM_BOT_TOKEN, TELEGRAM_API_ROOT }: ResolvedSettings) => ({
        token: TELEGRAM_BOT_TOKEN ?? NO_TOKEN,
        // If the module launched the bot, a refused token would terminate the process.
        launchOptions: false,
        options: TELEGRAM_API_ROOT === undefined ? {} : { telegram: { apiRoot: TELEGRAM_API_ROOT } },
      }),
    }),
  ],
  providers: [
    NotificationStore,
    {
      provide: NOTIFICATIONS_OPTIONS,
      inject: [CLOCK, SETTINGS, getBotToken()],
      useFactory: makeOptions,
    },
  ],
  exports: [NotificationStore, NOTIFICATIONS_OPTIONS],
})
export class NotificationsModule {}

function makeOptions(clock: Clock, settings: ResolvedSettings, bot: Telegraf): NotificationsOptions {
  const { TELEGRAM_BOT_TOKEN: token, TELEGRAM_CHAT_IDS: chatIds } = settings;
  // The module calls `stop` at shutdown. A bot that was never launched would throw there.
  bot.stop = () => undefined;
  const messenger = token === undefined ? null : new TelegramMessenger(telegramApi(bot.telegram), token, clock);
  return { messenger, chatIds };
}
