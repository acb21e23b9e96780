import { Module } from '@nestjs/common';
import { PersistenceModule } from '../persistence';
import { CircuitStore } from './circuit-store';

/** The breaker itself is made by healing, which knows each agent's policy; its rows are made here. */
@Module({ imports: [PersistenceModule], providers: [CircuitStore], exports: [CircuitStore] })
export class CircuitModule {}
