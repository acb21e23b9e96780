/** Martin Fowler's circuit breaker, one an agent: OPEN means that no restart is tried. */
export type CircuitState = 'CLOSED' | 'OPEN' | 'HALF_OPEN';
