export { CIRCUIT_COMMANDS, CircuitBreaker, type CircuitCommands } from './circuit-breaker';
export { CircuitModule } from './circuit.module';
export { CircuitStore } from './circuit-store';
export { Circuits } from './circuits';
export {
  CLOSED_CIRCUIT,
  nextCircuit,
  rehydrateCircuit,
  type Circuit,
  type CircuitEvent,
  type CircuitPolicy,
  type Moment,
} from './transitions';
