export { LauncherModule } from './launcher.module';
export { ProcessLauncher, type BulkResult, type RestartOptions } from './process-launcher';
