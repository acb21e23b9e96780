import { Module } from '@nestjs/common';
import { PersistenceModule } from '../persistence';
import { CircuitStore } from './circuit-store';
import { Circuits } from './circuits';

/** Holds and stores the circuits. `CircuitBreaker` is a provider of healing, which provides the port that it requires. */
@Module({ imports: [PersistenceModule], providers: [Circuits, CircuitStore], exports: [Circuits, CircuitStore] })
export class CircuitModule {}
