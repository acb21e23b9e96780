export { CapabilitiesModule } from './capabilities.module';
export { CapabilityRegistry } from './capability-registry';
export { routeRequestSchema } from './route-request';
export { type RoutedTask } from './routed-task';
