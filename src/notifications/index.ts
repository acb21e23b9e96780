export { type Notification } from './notification';
export { Notifications } from './notifications';
export { NotificationsModule } from './notifications.module';
export { SENT_NOTIFICATIONS, type SentNotifications } from './ports';
