export { CircuitBreaker } from './circuit-breaker';
export { CircuitModule } from './circuit.module';
export { CircuitStore } from './circuit-store';
export {
  CLOSED_CIRCUIT,
  nextCircuit,
  revivedCircuit,
  type Circuit,
  type CircuitEvent,
  type CircuitPolicy,
} from './transitions';
