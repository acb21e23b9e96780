export { type Notice } from './notice';
export { Notifications } from './notifications';
export { NotificationsModule } from './notifications.module';
