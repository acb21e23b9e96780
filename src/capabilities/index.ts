export { CapabilitiesModule } from './capabilities.module';
export { CapabilityRegistry, type RoutedTask } from './capability-registry';
